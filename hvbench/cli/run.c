/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/overrides.h"
#include "hvbench/cli/progress.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/cli/session.h"
#include "hvbench/cli/signals.h"
#include "hvbench/report/gnuplot.h"
#include "hvbench/report/report.h"

#include <stdio.h>

typedef struct {
    HvbOverrides overrides;
    char *connect;
    char *dir;
} Options;

static void options_clear(Options *options)
{
    g_free(options->connect);
    g_free(options->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean parse(int *argc, char ***argv, Options *options)
{
    const GOptionEntry entries[] = {
        {"connect", 0, 0, G_OPTION_ARG_STRING, &options->connect,
         "libvirt's URI (default: the QEMU driver within hvbench)", "URI"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->dir,
         "the result set (default: results/DATE-TIME)", "DIR"},
        {0},
    };
    GOptionContext *context = g_option_context_new("PROFILE...");
    GOptionGroup *group = hvb_overrides_group(&options->overrides);

    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    g_option_context_set_summary(
        context,
        "Boots the guests that the profiles describe, measures every scenario "
        "at its load\nlevels, and leaves a result set: hvbench.db, "
        "summary.json, pictures, report.html\nand the guests' consoles. A "
        "PROFILE is a file, or a shipped profile's name\n('hvbench list'). "
        "With the directory of an interrupted run and the same profiles\nand "
        "options, that run goes on.\n\n"
        "Ctrl-C, SIGTERM and SIGHUP stop the guests and end the run, and so "
        "does a pipe that\nnobody reads any more; it can be resumed. With "
        "nohup it survives its terminal.");
    gboolean ok = hvb_cmd_parse(context, argc, argv);
    g_option_context_free(context);
    return ok;
}

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

/* A run that has figures is not added to, unless it goes on just as it was:
 * they would change their meaning. TRUE also if there is no run. */
static gboolean is_free(HvbStore *store, const char *dir, GError **error)
{
    g_autoptr(GError) none = NULL;
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(store, &none);
    gboolean measured = FALSE;

    if (!run) {
        if (g_error_matches(none, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_EMPTY))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&none));
        return FALSE;
    }
    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        measured = measured || cell->status == HVB_CELL_DONE;
    }
    if (!measured && g_strcmp0(run->status, "done") != 0)
        return TRUE;
    g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS,
                "--output: %s holds a run already that is done, or was made "
                "with other profiles or options: name another directory",
                dir);
    return FALSE;
}

static gboolean begin(const char *dir, const char *command,
                      HvbSessionSettings *settings, GError **error)
{
    g_autoptr(GError) failure = NULL;
    HvbStore *store = settings->store;
    guint64 wanted = wanted_seed(settings->profiles);

    if (hvb_store_resume(store, settings->profiles, wanted, &settings->seed,
                         &settings->done, &failure)) {
        printf("resuming the run in %s: %u cells are measured already\n", dir,
               settings->done->len);
        return TRUE;
    }
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    /* Left to chance the store keeps it all the same. */
    settings->seed = wanted != 0 ? wanted : (guint64)g_random_int() + 1;
    return is_free(store, dir, error) &&
           hvb_store_begin_run(store, command, settings->seed,
                               settings->profiles, error);
}

static gboolean end(HvbStore *store, const GError *run_error, GError **error)
{
    if (!run_error)
        return hvb_store_end_run(store, "done", NULL, error);
    if (hvb_cmd_status(run_error) == HVB_EXIT_INTERRUPTED)
        return hvb_store_end_run(store, "interrupted", "by a signal", error);
    return hvb_store_end_run(store, "failed", run_error->message, error);
}

/* Levels of which no cell is left that could be published. */
static guint count_spoilt(GPtrArray *p3s)
{
    guint n = 0;

    for (guint i = 0; i < p3s->len; i++) {
        const HvbP3 *p3 = p3s->pdata[i];
        for (guint l = 0; l < p3->levels->len; l++)
            n += g_array_index(p3->levels, HvbP3Level, l).cells == 0 ? 1 : 0;
    }
    return n;
}

static void print_results(const char *dir, GPtrArray *p3s)
{
    putchar('\n');
    for (guint i = 0; i < p3s->len; i++)
        hvb_progress_print_p3(stdout, p3s->pdata[i]);
    printf("Result set: %s\nReport:     %s/report.html\n", dir, dir);
}

static int fail(const GError *error)
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
    return hvb_cmd_fail(interrupted ? HVB_EXIT_INTERRUPTED
                                    : hvb_cmd_status(error),
                        "%s; 'hvbench report %s' makes the report",
                        interrupted ? "interrupted" : error->message, dir);
}

/* Shows what there is of a run that has a cell at least. */
static int conclude(const char *dir, const HvbRunRecord *run,
                    const GError *run_error)
{
    g_autoptr(GPtrArray) p3s = hvb_run_record_p3(run);
    g_autoptr(GError) error = NULL;
    guint spoilt = count_spoilt(p3s);
    gboolean reported = hvb_report_write(dir, &error);

    print_results(dir, p3s);
    int status = reported ? HVB_EXIT_OK : fail_report(dir, error);
    if (run_error) {
        status = fail(run_error);
        fprintf(stderr,
                "hvbench: what was measured is in %s; the same command with "
                "--output %s goes on from there\n",
                dir, dir);
        return status;
    }
    if (status != HVB_EXIT_OK)
        return status;
    if (spoilt > 0)
        return hvb_cmd_fail(
            HVB_EXIT_FAILED,
            "%u level%s without figures, since all cells were disturbed: stop "
            "what else runs on this host ('hvbench doctor' shows it) and "
            "measure again",
            spoilt, spoilt == 1 ? " is" : "s are");
    return hvb_cmd_flush();
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

/* `ret_keep`: whether the result set holds anything worth keeping. */
static int run_in(const HvbResultDir *dir, HvbSessionSettings *settings,
                  const char *command, gboolean *ret_keep)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) run_error = NULL;
    g_autoptr(HvbStore) store = hvb_store_open(dir->path, TRUE, &error);

    settings->store = store;
    if (!store || !begin(dir->path, command, settings, &error))
        return fail(error);
    hvb_session_run(settings, &run_error);
    g_clear_pointer(&settings->done, g_ptr_array_unref);
    name_lost_output(&run_error);
    *ret_keep = TRUE;
    g_autoptr(HvbRunRecord) run = end(store, run_error, &error)
                                      ? hvb_store_load_run(store, &error)
                                      : NULL;
    if (!run)
        return fail(run_error ? run_error : error);
    if (run->cells->len > 0 || !run_error)
        return conclude(dir->path, run, run_error);
    /* Their consoles may tell why guests did not come up. */
    *ret_keep =
        run_error->domain == HVB_BED_ERROR && hvb_result_dir_has_consoles(dir);
    return fail(run_error);
}

static int run(const Options *options, GPtrArray *profiles, const char *command)
{
    g_auto(HvbResultDir) dir = {0};
    g_autoptr(GError) error = NULL;
    gboolean keep = FALSE;

    /* What would fail after the measurement fails before it. */
    if (!hvb_gnuplot_check(&error) ||
        !hvb_result_dir_make(options->dir, &dir, &error))
        return fail(error);
    HvbSessionSettings settings = {
        .profiles = profiles,
        .connect = options->connect,
        .dir = dir.path,
        .cancellable = hvb_signals_cancellable(),
    };
    int status = run_in(&dir, &settings, command, &keep);
    if (!keep)
        hvb_result_dir_discard(&dir);
    return status;
}

int hvb_cmd_run(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_autofree char *command = g_strjoinv(" ", argv);
    g_autoptr(GError) error = NULL;

    if (!parse(&argc, &argv, &options))
        return HVB_EXIT_USAGE;
    if (argc < 2)
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "run: name at least one profile, see 'hvbench "
                            "list' and 'hvbench run --help'");
    g_autoptr(GPtrArray) profiles =
        hvb_overrides_load(&options.overrides, (const char *const *)argv + 1,
                           &error);
    if (!profiles)
        return fail(error);
    return run(&options, profiles, command);
}
