/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench report: the pictures, the summary and the page of a result set. */
#include "hvbench/report/report.h"

#include "hvbench/cli/claims-lines.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/cli/scenario-lines.h"

/* A table each for more scenarios would hide what they come to. */
#define MAX_TABLES 10

static void print_scenarios(const HvbRunRecord *run, GPtrArray *p3s)
{
    if (p3s->len > MAX_TABLES) {
        hvb_p3_print_compact(stdout, p3s);
        printf("\n");
    }
    for (guint p = 0; p3s->len <= MAX_TABLES && p < p3s->len; p++)
        hvb_scenario_print(stdout, run, p, p3s->pdata[p]);
}

/* Samples that its cells speak of are not in the database. */
static gboolean has_lost_samples(GPtrArray *p3s)
{
    for (guint p = 0; p < p3s->len; p++) {
        const HvbTally tally = hvb_p3_tally(p3s->pdata[p]);
        if (!hvb_tally_is_whole(&tally))
            return TRUE;
    }
    return FALSE;
}

static gboolean print_tables(const char *dir, gboolean *ret_whole,
                             GError **error)
{
    g_autoptr(HvbStore) store = hvb_store_open(dir, FALSE, error);
    g_autoptr(HvbRunRecord) run =
        store ? hvb_store_load_run(store, error) : NULL;
    g_autoptr(GPtrArray) p3s = run ? hvb_run_record_p3(run) : NULL;
    g_autoptr(GPtrArray) claims =
        run && hvb_claims_apply(run) ? hvb_claims_judge(run) : NULL;

    if (!run)
        return FALSE;
    *ret_whole = !has_lost_samples(p3s);
    print_scenarios(run, p3s);
    if (claims) {
        hvb_claims_print(stdout, claims);
        printf("\n");
    }
    if (g_strcmp0(run->status, "done") != 0)
        printf("This run is not complete: %s%s%s\n", run->status,
               run->why ? ": " : "", run->why ? run->why : "");
    return TRUE;
}

int hvb_cmd_report(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("DIR");
    g_autoptr(GError) error = NULL;
    gboolean whole = TRUE;

    g_option_context_set_summary(
        context, "Writes the pictures, summary.json and report.html of the "
                 "result set DIR\nanew, from its database alone, and prints "
                 "its tables.");
    if (!hvb_cmd_parse(context, &argc, &argv))
        return HVB_EXIT_USAGE;
    if (argc != 2)
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "report: give one result set: hvbench report DIR");
    if (!hvb_result_dir_check(argv[1], &error) ||
        !print_tables(argv[1], &whole, &error) ||
        !hvb_report_write(argv[1], &error))
        return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
    printf("Result set: %s\nReport:     %s/report.html\n", argv[1], argv[1]);
    if (!whole)
        return hvb_cmd_fail(HVB_EXIT_FAILED,
                            "%s: samples are missing from its database, or "
                            "there are some too many: its figures are not what "
                            "was measured",
                            argv[1]);
    return HVB_EXIT_OK;
}
