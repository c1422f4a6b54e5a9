/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/agenda.h"
#include "hvbench/cli/campaign.h"
#include "hvbench/cli/claims-lines.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/duration.h"
#include "hvbench/cli/reproduce-set.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/results/claims.h"
#include "hvbench/results/p3.h"
#include "hvbench/run/budget-plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_BUDGET "75min"
/* Up to this, cells are short: many of them tell more than long ones. */
#define SHORT_CELLS_S (2 * 3600)
/* A least budget is named in these steps, s. */
#define BUDGET_STEP 10
#define ANY_SEED 1

typedef struct {
    char *budget;
    char *only;
    char *dir;
    char *connect;
    char *accel;
    gint64 seed;
    gboolean dry_run;
    guint budget_s;
} Options;

static void options_clear(Options *options)
{
    g_free(options->budget);
    g_free(options->only);
    g_free(options->dir);
    g_free(options->connect);
    g_free(options->accel);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* What is to be done, and within which time. */
typedef struct {
    const Options *options;
    HvbAgenda *agenda;
    GArray *chosen;
    GPtrArray *left_out;
    HvbPlanner *foreseen;
    HvbLedger *planned;
    HvbLedger *used;
    char *key; /* of the options */
} Job;

static void job_clear(Job *job)
{
    g_clear_pointer(&job->foreseen, hvb_planner_free);
    g_clear_pointer(&job->agenda, hvb_agenda_free);
    g_clear_pointer(&job->chosen, g_array_unref);
    g_clear_pointer(&job->left_out, g_ptr_array_unref);
    g_clear_pointer(&job->planned, hvb_ledger_free);
    g_clear_pointer(&job->used, hvb_ledger_free);
    g_free(job->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static gboolean parse(int *argc, char ***argv, Options *options)
{
    const GOptionEntry entries[] = {
        {"budget", 0, 0, G_OPTION_ARG_STRING, &options->budget,
         "how long it may take, such as 10min or 1h30min "
         "(default: " DEFAULT_BUDGET ")",
         "TIME"},
        {"only", 0, 0, G_OPTION_ARG_STRING, &options->only,
         "only these figures (3), scenarios (c16-vm), claims (C7) and open "
         "questions (Q1)",
         "ID,.."},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->dir,
         "the result set (default: results/" HVB_REPRODUCE_PREFIX "DATE-TIME)",
         "DIR"},
        {"connect", 0, 0, G_OPTION_ARG_STRING, &options->connect,
         "libvirt's URI (default: the QEMU driver within hvbench)", "URI"},
        {"accel", 0, 0, G_OPTION_ARG_STRING, &options->accel,
         "accelerator of the first hypervisor", "auto|kvm|tcg"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &options->seed,
         "seed of the plan, the users and the schedules", "S"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options->dry_run,
         "print the plan, and no more", NULL},
        {0},
    };
    GOptionContext *context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context,
        "Reproduces the paper: measures its figures and what its claims rest "
        "on, as much of\nit as the budget has room for, and says of each claim "
        "whether it was reproduced.\nThe plan is printed first. The same "
        "command, given in the same directory,\ngoes on with an interrupted "
        "run.\n\n"
        "Ctrl-C, SIGTERM and SIGHUP stop the guests and end the run, and so "
        "does a pipe that\nnobody reads any more. With nohup it survives its "
        "terminal.");
    gboolean ok = hvb_cmd_parse(context, argc, argv);
    g_option_context_free(context);
    return ok;
}

/* Returns HVB_EXIT_OK, or the status of the error that it printed. */
static int check(int argc, char **argv, Options *options)
{
    const char *budget = options->budget ? options->budget : DEFAULT_BUDGET;

    if (argc > 1)
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "reproduce: '%s' is too much: --only ID,.. says "
                            "what to measure",
                            argv[1]);
    if (!hvb_duration_parse(budget, &options->budget_s))
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "--budget: '%s' is no time, such as 10min, 75min, "
                            "1h30min or 8h (at most %u days)",
                            budget, HVB_DURATION_MAX_S / 86400);
    if (options->seed < 0)
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "--seed: %" G_GINT64_FORMAT " is negative",
                            options->seed);
    return HVB_EXIT_OK;
}

/* The plan */

static guint least_repetitions(const Job *job, guint scenario)
{
    const HvbProfile *profile = job->agenda->profiles->pdata[scenario];
    guint least = G_MAXUINT;

    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (profile->levels[level])
            least = MIN(least, hvb_budget_plan_count(job->foreseen, scenario,
                                                     (HvbLevel)level));
    return least;
}

static void foresee(Job *job)
{
    GPtrArray *profiles = job->agenda->profiles;

    job->planned = hvb_ledger_new(profiles->len);
    job->used = hvb_ledger_new(profiles->len);
    job->foreseen = hvb_budget_plan_new(profiles, job->chosen, job->planned,
                                        job->options->budget_s, ANY_SEED);
    hvb_budget_plan_foresee(job->foreseen, job->planned);
    for (guint s = 0; s < profiles->len; s++) {
        HvbProfile *profile = profiles->pdata[s];
        profile->repetitions = CLAMP(least_repetitions(job, s), 1, 100);
    }
}

/* A canonical text: what makes a command the same. */
static char *describe_options(const Options *options)
{
    g_autofree char *only =
        g_ascii_strdown(options->only ? options->only : "", -1);

    return g_strdup_printf(
        "budget=%u only=%s connect=%s accel=%s seed=%" G_GINT64_FORMAT,
        options->budget_s, only, options->connect ? options->connect : "",
        options->accel ? options->accel : "", options->seed);
}

static void refuse_budget(const Options *options, double least_s)
{
    guint least = (guint)ceil(least_s / BUDGET_STEP) * BUDGET_STEP;
    g_autofree char *given = hvb_duration_format(options->budget_s);
    g_autofree char *text = hvb_duration_format(least);

    hvb_cmd_fail(HVB_EXIT_USAGE,
                 "--budget: %s is too short for %s: it takes %s at "
                 "least%s",
                 given,
                 options->only ? "one cell at two levels of each scenario"
                               : "one cell of each figure",
                 text, options->only ? "" : ", or less with --only");
}

static int make_job(const Options *options, Job *job)
{
    const HvbOverrides overrides = {
        .quick = options->budget_s <= SHORT_CELLS_S,
        .accel = options->accel,
        .seed = (guint64)options->seed,
    };
    g_autoptr(GError) error = NULL;
    double least_s = 0;

    job->options = options;
    job->key = describe_options(options);
    job->agenda = hvb_agenda_new(options->only, &overrides, &error);
    if (!job->agenda)
        return error->domain == G_OPTION_ERROR
                   ? hvb_cmd_fail(HVB_EXIT_USAGE, "%s", error->message)
                   : hvb_campaign_fail(error);
    job->chosen = hvb_choice_make(job->agenda->profiles, job->agenda->wishes,
                                  options->budget_s, &least_s);
    if (!job->chosen) {
        refuse_budget(options, least_s);
        return HVB_EXIT_USAGE;
    }
    job->left_out = hvb_agenda_left_out(job->agenda, job->chosen);
    hvb_agenda_narrow(job->agenda, job->chosen);
    foresee(job);
    return HVB_EXIT_OK;
}

static void print_scenario(const Job *job, guint scenario)
{
    const HvbProfile *profile = job->agenda->profiles->pdata[scenario];
    const HvbSpent *spent =
        &job->planned->entries[HVB_LEDGER_SCENARIO(scenario)];
    g_autofree char *time = hvb_duration_format((guint)lrint(spent->seconds));

    printf("  %-20s", profile->name);
    for (guint level = 0; level < HVB_N_LEVELS; level++) {
        g_autofree char *least =
            profile->levels[level]
                ? g_strdup_printf("%u+",
                                  hvb_budget_plan_count(job->foreseen, scenario,
                                                        (HvbLevel)level))
                : NULL;
        printf("  %*s", (int)strlen(hvb_level_name((HvbLevel)level)),
               least ? least : "");
    }
    printf("  %9s\n", time);
}

static void print_head(void)
{
    printf("Plan: each level is measured so often at least, and again as long "
           "as the\ninterval of its mean is wide and time is left\n"
           "  %-20s",
           "");
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        printf("  %s", hvb_level_name((HvbLevel)level));
    putchar('\n');
}

static void print_expenses(const Job *job)
{
    const HvbSpent *entries = job->planned->entries;
    g_autofree char *beds = hvb_duration_format((guint)lrint(
        entries[HVB_EXPENSE_SETUP].seconds + entries[HVB_EXPENSE_BOOT].seconds +
        entries[HVB_EXPENSE_CALIBRATION].seconds));
    g_autofree char *report =
        hvb_duration_format((guint)lrint(entries[HVB_EXPENSE_REPORT].seconds));
    g_autofree char *total =
        hvb_duration_format((guint)lrint(hvb_ledger_total(job->planned)));
    g_autofree char *budget = hvb_duration_format(job->options->budget_s);

    printf("  booting and calibrating %u bed%s: %s; pictures and report: %s\n",
           job->foreseen->n_beds, job->foreseen->n_beds == 1 ? "" : "s", beds,
           report);
    printf("  in all about %s of %s\n", total, budget);
}

static void print_plan(const Job *job)
{
    print_head();
    for (guint s = 0; s < job->agenda->profiles->len; s++)
        print_scenario(job, s);
    print_expenses(job);
    if (job->left_out->len > 0)
        printf("Left out for lack of time (claims that rest on it may stay "
               "inconclusive):\n");
    for (guint i = 0; i < job->left_out->len; i++)
        printf("  %s\n", (const char *)job->left_out->pdata[i]);
    putchar('\n');
    fflush(stdout);
}

/* The run */

static HvbPlanner *plan(HvbStore *store, guint64 seed, gpointer user_data,
                        GError **error)
{
    Job *job = user_data;
    GPtrArray *profiles = job->agenda->profiles;
    g_autofree char *left_out = NULL;

    g_ptr_array_add(job->left_out, NULL);
    left_out = g_strjoinv("; ", (char **)job->left_out->pdata);
    g_ptr_array_set_size(job->left_out, (gint)job->left_out->len - 1);
    if (!hvb_reproduce_set_record(store, profiles, job->planned,
                                  job->options->budget_s, job->key, left_out,
                                  error) ||
        !hvb_reproduce_set_recall(store, profiles, job->used, error))
        return NULL;
    HvbPlanner *planner = hvb_budget_plan_new(profiles, job->chosen, job->used,
                                              job->options->budget_s, seed);
    if (hvb_ledger_total(job->used) > 0)
        hvb_budget_plan_insist(planner);
    return planner;
}

static void print(const HvbRunRecord *run, GPtrArray *p3s, gpointer user_data)
{
    const Job *job = user_data;
    g_autoptr(GPtrArray) claims = hvb_claims_judge(run);
    g_autofree char *budget = hvb_duration_format(job->options->budget_s);
    g_autofree char *used =
        hvb_duration_format((guint)lrint(hvb_ledger_total(job->used)));

    hvb_p3_print_compact(stdout, p3s);
    hvb_claims_print(stdout, claims);
    printf("\nTime: %s of %s used\n", used, budget);
}

static int measure(const Options *options, Job *job, const char *command)
{
    g_autofree char *found =
        options->dir ? NULL
                     : hvb_reproduce_set_find(job->key, job->agenda->profiles);
    g_autofree char *fresh = options->dir || found
                                 ? NULL
                                 : hvb_result_dir_default(HVB_REPRODUCE_PREFIX);
    const HvbCampaign campaign = {
        .profiles = job->agenda->profiles,
        .command = command,
        .connect = options->connect,
        .dir = options->dir ? options->dir
               : found      ? found
                            : fresh,
        .ledger = job->used,
        .finds_again = TRUE,
        .plan = plan,
        .print = print,
        .user_data = job,
    };

    return hvb_campaign_run(&campaign);
}

int hvb_cmd_reproduce(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_auto(Job) job = {0};
    g_autofree char *command = g_strjoinv(" ", argv);

    if (!parse(&argc, &argv, &options))
        return HVB_EXIT_USAGE;
    int status = check(argc, argv, &options);
    if (status == HVB_EXIT_OK)
        status = make_job(&options, &job);
    if (status != HVB_EXIT_OK)
        return status;
    print_plan(&job);
    return options.dry_run ? HVB_EXIT_OK : measure(&options, &job, command);
}
