/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench compare: whether users feel a difference between two result sets. */
#include "hvbench/results/compare.h"

#include "hvbench/cli/commands.h"
#include "hvbench/cli/compare-json.h"
#include "hvbench/cli/compare-lines.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/results/origin.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

typedef struct {
    HvbCompareSettings settings;
    gboolean aa;
    char *json;
    GStrv dirs;
} Options;

static void options_clear(Options *options)
{
    g_free(options->json);
    g_strfreev(options->dirs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean has_cells(const HvbRunRecord *run)
{
    for (guint i = 0; i < run->cells->len; i++)
        if (((HvbCell *)run->cells->pdata[i])->status == HVB_CELL_DONE)
            return TRUE;
    return FALSE;
}

static HvbRunRecord *load(const char *dir, GError **error)
{
    g_autoptr(HvbStore) store = NULL;
    g_autoptr(HvbRunRecord) run = NULL;

    if (!hvb_result_dir_check(dir, error))
        return NULL;
    store = hvb_store_open(dir, FALSE, error);
    run = store ? hvb_store_load_run(store, error) : NULL;
    if (run && !has_cells(run)) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_EMPTY,
                    "%s: no cell of its run counts, there is nothing to "
                    "compare",
                    dir);
        return NULL;
    }
    return g_steal_pointer(&run);
}

static void print_state(const char *dir, const HvbRunRecord *run)
{
    if (g_strcmp0(run->status, "done") != 0)
        printf("%s is unfinished (%s%s%s): what there is of it is compared.\n",
               dir, run->status, run->why ? ": " : "",
               run->why ? run->why : "");
}

static int status_of(HvbCompared verdict)
{
    return verdict == HVB_COMPARED_ALIKE ? HVB_EXIT_OK : HVB_EXIT_FAILED;
}

static int compare_two(const Options *options, GError **error)
{
    const char *before = options->dirs[0], *after = options->dirs[1];
    g_autoptr(HvbRunRecord) a = load(before, error);
    g_autoptr(HvbRunRecord) b = a ? load(after, error) : NULL;

    if (!b)
        return HVB_EXIT_USAGE;
    g_autoptr(HvbComparison) comparison = hvb_compare(a, b, &options->settings);
    g_autoptr(GPtrArray) differences = hvb_origin_differences(a, b);
    hvb_compare_print_differences(stdout, differences);
    print_state(before, a);
    print_state(after, b);
    hvb_compare_print_rows(stdout, comparison, "before", "after");
    hvb_compare_print_only(stdout, before, comparison->only_a);
    hvb_compare_print_only(stdout, after, comparison->only_b);
    printf("\n");
    hvb_compare_print_verdict(stdout, comparison, &options->settings);
    if (differences->len > 0)
        printf("The two were not made on the same thing: see above.\n");
    if (options->json &&
        !hvb_compare_write_json(options->json, before, after, comparison,
                                differences, &options->settings, error))
        return HVB_EXIT_USAGE;
    int status = status_of(comparison->verdict);
    return comparison->rows->len > 0 ? status : HVB_EXIT_USAGE;
}

/* FALSE: more false alarms than chance explains. */
static gboolean show_aa(const HvbComparison *comparison, const char *what,
                        const char *first, const char *second,
                        const HvbCompareSettings *settings)
{
    HvbAlarms alarms = hvb_comparison_alarms(comparison, settings->confidence);

    if (alarms.rows == 0) {
        printf("No pairs of %s to compare.\n\n", what);
        return TRUE;
    }
    hvb_compare_print_rows(stdout, comparison, first, second);
    printf("\n");
    hvb_compare_print_alarms(stdout, &alarms, what, settings);
    printf("\n");
    return alarms.beyond <= alarms.bound;
}

static int compare_with_itself(const Options *options, GError **error)
{
    const HvbCompareSettings *settings = &options->settings;
    g_autoptr(HvbRunRecord) run = load(options->dirs[0], error);

    if (!run)
        return HVB_EXIT_USAGE;
    g_autoptr(HvbComparison) halves = hvb_compare_halves(run, settings);
    g_autoptr(HvbComparison) boots = hvb_compare_boots(run, settings);
    print_state(options->dirs[0], run);
    gboolean alike = show_aa(halves, "halves (odd, even repetitions)", "odd",
                             "even", settings);
    alike = show_aa(boots, "boots of the same scenario", "first", "second",
                    settings) &&
            alike;
    if (halves->known + boots->known == 0) {
        printf("Halves need four repetitions, boots two scenarios that are "
               "the same but for\nthe boot, as fig03 and c04-again, with two "
               "repetitions.\n");
        return status_of(HVB_COMPARED_UNKNOWN);
    }
    printf(alike ? "No more false alarms than chance explains.\n"
                 : "More false alarms than chance explains.\n");
    return status_of(alike ? HVB_COMPARED_ALIKE : HVB_COMPARED_WORSE);
}

static gboolean is_same_dir(const char *a, const char *b)
{
    struct stat of_a, of_b;

    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* What is wrong with the options; NULL: nothing. */
static const char *find_fault(const Options *options)
{
    guint n = options->dirs ? g_strv_length(options->dirs) : 0;
    const HvbCompareSettings *s = &options->settings;

    if (options->aa && n != 1)
        return "--aa takes one result set: hvbench compare --aa DIR";
    if (!options->aa && n != 2)
        return "give two result sets: hvbench compare BEFORE AFTER";
    if (options->aa && options->json)
        return "--json is for two result sets, not for --aa";
    if (!options->aa && is_same_dir(options->dirs[0], options->dirs[1]))
        return "both are the same result set; --aa compares one with itself";
    if (!(s->tolerance_ms >= 0.0) || !(s->tolerance_percent >= 0.0) ||
        isinf(s->tolerance_ms) || isinf(s->tolerance_percent))
        return "a tolerance is a number of 0 or more";
    return NULL;
}

static void describe(GOptionContext *context)
{
    g_option_context_set_summary(
        context,
        "Whether users wait longer in the result set AFTER than in BEFORE: "
        "the mean delays\nof each scenario and level that both have. A change "
        "counts if it is beyond the\ntolerance, and beyond chance for all "
        "rows together (95 %). \"unseen\" is what a\nchange for the worse must "
        "exceed to be seen in about four of five cases, with\nthese cells.\n\n"
        "--aa holds a run against itself, where any difference is a false "
        "alarm: odd\nagainst even repetitions, and scenarios that are the "
        "same but for the boot.");
    g_option_context_set_description(
        context, "Exit status:\n"
                 "  0    alike\n"
                 "  1    not alike, or it cannot be told; with --aa, more "
                 "false alarms than\n"
                 "       chance explains\n"
                 "  2    not compared: bad usage, no result set, or one of "
                 "another version;\n"
                 "       or not told: the output could not be written\n");
}

static gboolean parse(Options *options, int *argc, char ***argv)
{
    HvbCompareSettings *settings = &options->settings;
    const GOptionEntry entries[] = {
        {"tolerance-ms", 0, 0, G_OPTION_ARG_DOUBLE, &settings->tolerance_ms,
         "a change within this does not count (10) ...", "MS"},
        {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &settings->tolerance_percent,
         "... and this much of the delay before (10)", "PERCENT"},
        {"json", 0, 0, G_OPTION_ARG_FILENAME, &options->json,
         "write the comparison for programs, too (-: here)", "FILE"},
        {"aa", 0, 0, G_OPTION_ARG_NONE, &options->aa,
         "compare one result set with itself", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->dirs,
         NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("BEFORE AFTER | --aa DIR");

    g_option_context_add_main_entries(context, entries, NULL);
    describe(context);
    return hvb_cmd_parse(context, argc, argv);
}

int hvb_cmd_compare(int argc, char **argv)
{
    g_auto(Options)
        options = {.settings = {HVB_COMPARE_TOLERANCE_MS,
                                HVB_COMPARE_TOLERANCE_PERCENT, HVB_CONFIDENCE}};
    g_autoptr(GError) error = NULL;

    if (!parse(&options, &argc, &argv))
        return HVB_EXIT_USAGE;
    const char *fault = find_fault(&options);
    if (fault)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "compare: %s", fault);
    int status = options.aa ? compare_with_itself(&options, &error)
                            : compare_two(&options, &error);
    if (error)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "%s", error->message);
    return status;
}
