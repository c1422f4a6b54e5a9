/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench selftest: does this machine's hvbench measure what it says? */
#include "hvbench/selftest/selftest.h"

#include "hvbench/bed/accel.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/overrides.h"
#include "hvbench/cli/selftest-table.h"
#include "hvbench/cli/signals.h"
#include "hvbench/cli/terminal.h"

#include <stdio.h>

#define PROFILE "selftest"

typedef struct {
    char *only;
    char *accel;
    char *connect;
    gint64 seed;
} Options;

static void options_clear(Options *options)
{
    g_free(options->only);
    g_free(options->accel);
    g_free(options->connect);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

typedef struct {
    GPtrArray *answers;
    HvbTerminal terminal;
} Report;

static void show_phase(const char *what, gpointer user_data)
{
    const Report *report = user_data;

    printf(report->terminal.redraws ? "\r\033[K  %s" : "  %s\n", what);
    fflush(stdout);
}

static void show_boot(guint up, guint all, gpointer user_data)
{
    g_autofree char *text =
        g_strdup_printf("booting guests: %u of %u up", up, all);

    show_phase(text, user_data);
}

static void keep_answer(HvbAnswer *answer, gpointer user_data)
{
    g_ptr_array_add(((Report *)user_data)->answers, answer);
}

static void show_note(const char *text, gpointer user_data)
{
    const Report *report = user_data;

    printf("%snote: %s\n", report->terminal.redraws ? "\r\033[K" : "", text);
}

static HvbBed *boot(HvbConnection *connection, const HvbProfile *profile,
                    Report *report, GError **error)
{
    const HvbBootSettings settings = {.on_boot = show_boot,
                                      .user_data = report,
                                      .cancellable = hvb_signals_cancellable()};
    g_autofree char *reason = NULL;

    if (profile->accel == HVB_ACCEL_AUTO)
        show_phase("testing whether a guest boots under KVM", report);
    HvbAccel accel =
        hvb_accel_choose(connection, profile, &settings, &reason, error);
    if (accel == HVB_ACCEL_AUTO)
        return NULL;
    return hvb_libvirt_bed_boot(connection, profile, accel, reason, &settings,
                                error);
}

static gboolean make_checks(const HvbProfile *profile, const Options *options,
                            Report *report, GError **error)
{
    g_autoptr(HvbConnection) connection =
        hvb_connection_open(options->connect, error);
    g_autoptr(HvbBed) bed =
        connection ? boot(connection, profile, report, error) : NULL;
    HvbSelftestSettings settings = {.bed = bed,
                                    .profile = profile,
                                    .seed = options->seed
                                                ? (guint64)options->seed
                                                : g_random_int(),
                                    .letters = options->only,
                                    .phase = show_phase,
                                    .note = show_note,
                                    .answer = keep_answer,
                                    .user_data = report,
                                    .cancellable = hvb_signals_cancellable()};

    if (!bed)
        return FALSE;
    gboolean ok = hvb_selftest_run(&settings, error);
    printf("%s%s via %s, %s; seed %" G_GUINT64_FORMAT "\n\n",
           report->terminal.redraws ? "\r\033[K" : "", bed->stack.accel,
           bed->stack.hypervisor, bed->stack.machine, settings.seed);
    return ok;
}

/* "a,c" or "ac" becomes "ac". FALSE: there is no such check. */
static gboolean parse_letters(char *only)
{
    guint kept = 0;

    for (const char *at = only; *at; at++) {
        gboolean known = FALSE;
        if (*at == ',' || *at == ' ')
            continue;
        for (guint i = 0; hvb_selftest_check(i); i++)
            known = known || hvb_selftest_check(i)->letter == *at;
        if (!known)
            return FALSE;
        only[kept++] = *at;
    }
    only[kept] = '\0';
    return kept > 0;
}

static char *describe(void)
{
    GString *text = g_string_new(
        "Boots two guests, makes delays, shares and loads of known size on "
        "them, and\ncompares them with what hvbench measures; that takes some "
        "seven minutes. A check that\ncame out wrong is made again; an answer "
        "that was right once is right.\n\nExit status: 0 all answers are "
        "right; "
        "1 one is wrong, by hvbench, the hypervisor or the\nkernel; 3 none is, "
        "but noise of the host or its translator kept some from being "
        "right.\n\nChecks:\n");

    for (guint i = 0; hvb_selftest_check(i); i++)
        g_string_append_printf(text, "  %c  %s\n",
                               hvb_selftest_check(i)->letter,
                               hvb_selftest_check(i)->summary);
    return g_string_free(text, FALSE);
}

static HvbProfile *load_profile(const Options *options, GError **error)
{
    g_autoptr(HvbProfile) profile = hvb_profile_load(PROFILE, error);
    const HvbOverrides overrides = {.accel = options->accel};

    if (!profile || !hvb_profile_override(profile, &overrides, error))
        return NULL;
    return g_steal_pointer(&profile);
}

static int fail(const GError *error)
{
    int status = hvb_cmd_status(error);

    /* The end says why. */
    if (hvb_signals_output_lost())
        return HVB_EXIT_INTERRUPTED;
    return hvb_cmd_fail(status, "%s",
                        status == HVB_EXIT_INTERRUPTED ? "interrupted"
                                                       : error->message);
}

int hvb_cmd_selftest(int argc, char **argv)
{
    g_auto(Options) options = {0};
    Report report = {0};
    const GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING, &options.only,
         "only these checks: a,c", "LETTERS"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &options.seed,
         "the same times and loads again", "S"},
        {"accel", 0, 0, G_OPTION_ARG_STRING, &options.accel, "auto, kvm or tcg",
         "ACCEL"},
        {"connect", 0, 0, G_OPTION_ARG_STRING, &options.connect,
         "another libvirt than the built-in one", "URI"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autofree char *summary = describe();
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, summary);
    if (!hvb_cmd_parse(context, &argc, &argv))
        return HVB_EXIT_USAGE;
    if (argc > 1)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "selftest: takes no operands");
    if (options.only && !parse_letters(options.only))
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "--only: give letters of checks, as in a,c (see "
                            "'hvbench selftest --help')");
    if (options.seed < 0)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "--seed: 1 or more");
    g_autoptr(HvbProfile) profile = load_profile(&options, &error);
    if (!profile)
        return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
    hvb_terminal_look(stdout, &report.terminal);
    g_autoptr(GPtrArray) answers =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_answer_free);
    report.answers = answers;
    gboolean ok = make_checks(profile, &options, &report, &error);
    if (answers->len > 0)
        hvb_selftest_table_print(stdout, answers);
    if (!ok)
        return fail(error);
    putchar('\n');
    return hvb_selftest_table_conclude(stdout, answers);
}
