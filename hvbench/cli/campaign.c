/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/campaign.h"

#include "hvbench/cli/commands.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/cli/session.h"
#include "hvbench/cli/signals.h"
#include "hvbench/report/gnuplot.h"
#include "hvbench/report/report.h"

#include <stdio.h>

/* What the profiles ask for; 0: nothing. */
static guint64 wanted_seed(GPtrArray *profiles)
{
    for (guint i = 0; i < profiles->len; i++) {
        const HvbProfile *profile = profiles->pdata[i];
        if (profile->seed != 0)
            return profile->seed;
    }
    return 0;
}

/* Whether a cell of it counts: without one it is begun anew, not resumed. */
static gboolean has_figures(const HvbRunRecord *run)
{
    for (guint i = 0; i < run->cells->len; i++)
        if (((const HvbCell *)run->cells->pdata[i])->status == HVB_CELL_DONE)
            return TRUE;
    return FALSE;
}

static void say_anew(const HvbRunRecord *run, const char *dir)
{
    g_autoptr(GDateTime) started =
        g_date_time_new_from_unix_local(run->started_us / G_USEC_PER_SEC);
    g_autofree char *when =
        started ? g_date_time_format(started, "%F %T") : g_strdup("before");

    /* Whose lock is held here can but have been cut off. */
    printf("beginning anew in %s: no cell counts of the run of %s in it, which "
           "is %s\n",
           dir, when,
           g_strcmp0(run->status, "running") == 0 ? "cut off" : run->status);
}

/* A run that has figures is not added to, unless it goes on just as it was:
 * they would change their meaning. TRUE also if there is no run. */
static gboolean is_free(HvbStore *store, const char *dir, GError **error)
{
    g_autoptr(GError) none = NULL;
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(store, &none);

    if (!run) {
        if (g_error_matches(none, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_EMPTY))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&none));
        return FALSE;
    }
    if (!has_figures(run) && g_strcmp0(run->status, "done") != 0) {
        say_anew(run, dir);
        return TRUE;
    }
    g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS,
                "--output: %s holds a run already that is done, or was made "
                "with other profiles or options: name another directory",
                dir);
    return FALSE;
}

static gboolean begin(const HvbCampaign *campaign, HvbSessionSettings *settings,
                      guint64 *ret_seed, GError **error)
{
    g_autoptr(GError) failure = NULL;
    HvbStore *store = settings->store;
    guint64 wanted = wanted_seed(settings->profiles);

    if (hvb_store_resume(store, settings->profiles, wanted, ret_seed,
                         &settings->done, &failure)) {
        printf("resuming the run in %s: %u cell%s measured already\n",
               settings->dir, settings->done->len,
               settings->done->len == 1 ? " is" : "s are");
        return TRUE;
    }
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    /* Left to chance the store keeps it all the same. */
    *ret_seed = wanted != 0 ? wanted : (guint64)g_random_int() + 1;
    return is_free(store, settings->dir, error) &&
           hvb_store_begin_run(store, campaign->command, *ret_seed,
                               settings->profiles, error);
}

static gboolean end(HvbStore *store, const GError *run_error, GError **error)
{
    if (!run_error)
        return hvb_store_end_run(store, "done", NULL, error);
    if (hvb_cmd_status(run_error) == HVB_EXIT_INTERRUPTED)
        return hvb_store_end_run(store, "interrupted", "by a signal", error);
    if (g_error_matches(run_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return hvb_store_end_run(store, "interrupted", run_error->message,
                                 error);
    return hvb_store_end_run(store, "failed", run_error->message, error);
}

/* Levels that were measured, but of which no cell is left that could be
 * published. */
static guint count_spoilt(GPtrArray *p3s)
{
    guint n = 0;

    for (guint i = 0; i < p3s->len; i++) {
        const HvbP3 *p3 = p3s->pdata[i];
        for (guint l = 0; l < p3->levels->len; l++) {
            const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, l);
            n += level->cells == 0 && level->disturbed > 0 ? 1 : 0;
        }
    }
    return n;
}

int hvb_campaign_fail(const GError *error)
{
    if (hvb_cmd_status(error) == HVB_EXIT_INTERRUPTED)
        return hvb_cmd_fail(HVB_EXIT_INTERRUPTED, "interrupted");
    return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
}

static int fail_report(const char *dir, const GError *error)
{
    /* gnuplot sees a Ctrl-C at once, hvbench when it looks. */
    while (g_main_context_iteration(NULL, FALSE))
        ;
    gboolean interrupted =
        g_cancellable_is_cancelled(hvb_signals_cancellable());
    g_autofree char *quoted = hvb_cmd_quote(dir);
    return hvb_cmd_fail(interrupted ? HVB_EXIT_INTERRUPTED
                                    : hvb_cmd_status(error),
                        "%s; to make the report: hvbench report %s",
                        interrupted ? "interrupted" : error->message, quoted);
}

/* Enters the time that the report took, for when it is made anew. */
static void enter_report(const HvbCampaign *campaign, HvbStore *store,
                         gint64 since_us)
{
    HvbLedger *ledger = campaign->ledger;
    double seconds = (double)(g_get_monotonic_time() - since_us) / 1e6;

    if (!ledger)
        return;
    hvb_ledger_add(ledger, HVB_EXPENSE_REPORT, 0, seconds);
    g_autofree char *key =
        hvb_ledger_key(HVB_BUDGET_USED_PREFIX, HVB_EXPENSE_REPORT,
                       campaign->profiles);
    g_autofree char *text =
        hvb_spent_format(&ledger->entries[HVB_EXPENSE_REPORT]);
    g_autoptr(GError) error = NULL;
    if (!hvb_store_set_provenance(store, key, text, &error))
        g_warning("%s", error->message);
}

static int fail_run(const HvbCampaign *campaign, const char *dir,
                    const HvbRunRecord *run, const GError *run_error)
{
    int status = hvb_campaign_fail(run_error);
    g_autofree char *quoted = hvb_cmd_quote(dir);
    g_autofree char *output =
        campaign->finds_again ? g_strdup("")
                              : g_strdup_printf(" with --output %s", quoted);

    if (has_figures(run))
        fprintf(stderr,
                "hvbench: what was measured is in %s; the same command%s goes "
                "on from there\n",
                dir, output);
    else
        fprintf(stderr,
                "hvbench: no cell in %s counts, all were disturbed or failed; "
                "the same command%s begins anew there\n",
                dir, output);
    return status;
}

/* Shows what there is of a run that has a cell at least. */
static int conclude(const HvbCampaign *campaign,
                    const HvbSessionSettings *settings, const HvbRunRecord *run,
                    const GError *run_error)
{
    const char *dir = settings->dir;
    g_autoptr(GPtrArray) p3s = hvb_run_record_p3(run);
    g_autoptr(GError) error = NULL;
    guint spoilt = count_spoilt(p3s);
    gint64 since_us = g_get_monotonic_time();
    gboolean reported = hvb_report_write(dir, &error);

    enter_report(campaign, settings->store, since_us);
    putchar('\n');
    campaign->print(run, p3s, campaign->user_data);
    printf("Result set: %s\nReport:     %s/report.html\n", dir, dir);
    int status = reported ? HVB_EXIT_OK : fail_report(dir, error);
    if (run_error)
        return fail_run(campaign, dir, run, run_error);
    if (status != HVB_EXIT_OK)
        return status;
    if (spoilt > 0)
        return hvb_cmd_fail(
            HVB_EXIT_FAILED,
            "%u level%s without figures, since all cells were disturbed: see "
            "above by what ('hvbench doctor' shows what else runs and limits "
            "guests on this host), end that, and measure again, into another "
            "directory",
            spoilt, spoilt == 1 ? " is" : "s are");
    return HVB_EXIT_OK;
}

/* A run that nobody watches any more has failed, not been interrupted. */
static void name_lost_output(GError **error)
{
    if (!*error || !hvb_signals_output_lost())
        return;
    g_clear_error(error);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE,
                "nobody reads the output any more: the run was stopped");
}

static gboolean run_session(const HvbCampaign *campaign,
                            HvbSessionSettings *settings, guint64 seed,
                            GError **error)
{
    g_autoptr(HvbPlanner) planner =
        campaign->plan(settings->store, seed, campaign->user_data, error);

    settings->planner = planner;
    return planner && hvb_session_run(settings, error);
}

/* `ret_keep`: whether the result set holds anything worth keeping. */
static int measure_in(const HvbCampaign *campaign, const HvbResultDir *dir,
                      HvbSessionSettings *settings, gboolean *ret_keep)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) run_error = NULL;
    g_autoptr(HvbStore) store = hvb_store_open(dir->path, TRUE, &error);
    guint64 seed = 0;

    settings->store = store;
    if (!store || !begin(campaign, settings, &seed, &error))
        return hvb_campaign_fail(error);
    run_session(campaign, settings, seed, &run_error);
    g_clear_pointer(&settings->done, g_ptr_array_unref);
    name_lost_output(&run_error);
    *ret_keep = TRUE;
    g_autoptr(HvbRunRecord) run = end(store, run_error, &error)
                                      ? hvb_store_load_run(store, &error)
                                      : NULL;
    if (!run)
        return hvb_campaign_fail(run_error ? run_error : error);
    if (run->cells->len > 0 || !run_error)
        return conclude(campaign, settings, run, run_error);
    /* Their consoles may tell why guests did not come up. */
    *ret_keep =
        run_error->domain == HVB_BED_ERROR && hvb_result_dir_has_consoles(dir);
    return hvb_campaign_fail(run_error);
}

int hvb_campaign_run(const HvbCampaign *campaign)
{
    g_auto(HvbResultDir) dir = {0};
    g_autoptr(GError) error = NULL;
    gboolean keep = FALSE;

    /* What would fail after the measurement fails before it. */
    if (!hvb_gnuplot_check(&error) ||
        !hvb_result_dir_make(campaign->dir, &dir, &error))
        return hvb_campaign_fail(error);
    HvbSessionSettings settings = {
        .profiles = campaign->profiles,
        .ledger = campaign->ledger,
        .connect = campaign->connect,
        .dir = dir.path,
        .cancellable = hvb_signals_cancellable(),
    };
    int status = measure_in(campaign, &dir, &settings, &keep);
    if (!keep)
        hvb_result_dir_discard(&dir);
    return status;
}
