/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/bed.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/overrides.h"
#include "hvbench/cli/progress.h"
#include "hvbench/cli/session.h"
#include "hvbench/cli/signals.h"
#include "hvbench/report/report.h"

#include <errno.h>
#include <glib/gstdio.h>
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
        "options, that run goes on.");
    gboolean ok = hvb_cmd_parse(context, argc, argv);
    g_option_context_free(context);
    return ok;
}

static int status_of(const GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return HVB_EXIT_INTERRUPTED;
    if (error->domain == HVB_PROFILE_ERROR)
        return HVB_EXIT_USAGE;
    if (g_error_matches(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST))
        return HVB_EXIT_HOST;
    return HVB_EXIT_FAILED;
}

static char *default_dir(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *name = g_date_time_format(now, "%Y%m%d-%H%M%S");

    return g_build_filename("results", name, NULL);
}

/* The profiles decide; without a seed there, chance does, and the store keeps
 * it. */
static guint64 choose_seed(GPtrArray *profiles)
{
    for (guint i = 0; i < profiles->len; i++) {
        const HvbProfile *profile = profiles->pdata[i];
        if (profile->seed != 0)
            return profile->seed;
    }
    return (guint64)g_random_int() + 1;
}

static HvbStore *open_store(const char *dir, GError **error)
{
    if (g_mkdir_with_parents(dir, 0755) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot make the result set %s: %s", dir,
                    g_strerror(errno));
        return NULL;
    }
    return hvb_store_open(dir, TRUE, error);
}

/* A run that is over is not added to: its figures would change their meaning.
 * TRUE also if there is none. */
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
    g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE,
                "--output: %s holds a run already that is done, or was made "
                "with other profiles or options: name another directory",
                dir);
    return FALSE;
}

static gboolean begin(HvbStore *store, const char *dir, const char *command,
                      HvbSessionSettings *settings, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (hvb_store_resume(store, settings->profiles, &settings->seed,
                         &settings->done, &failure)) {
        printf("resuming the run in %s: %u cells are measured already\n", dir,
               settings->done->len);
        return TRUE;
    }
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    settings->seed = choose_seed(settings->profiles);
    return is_free(store, dir, error) &&
           hvb_store_begin_run(store, command, settings->seed,
                               settings->profiles, error);
}

static gboolean finish(HvbStore *store, const char *dir,
                       const GError *run_error, GError **error)
{
    const char *status = !run_error ? "done"
                         : status_of(run_error) == HVB_EXIT_INTERRUPTED
                             ? "interrupted"
                             : "failed";

    return hvb_store_end_run(store, status,
                             run_error ? run_error->message : NULL, error) &&
           hvb_report_write(dir, error);
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

static gboolean print_results(HvbStore *store, const char *dir,
                              guint *ret_spoilt, GError **error)
{
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(store, error);

    if (!run)
        return FALSE;
    g_autoptr(GPtrArray) p3s = hvb_run_record_p3(run);
    *ret_spoilt = count_spoilt(p3s);
    if (run->cells->len == 0)
        return TRUE; /* nothing to show: the error says why */
    for (guint i = 0; i < p3s->len; i++) {
        putchar('\n');
        hvb_progress_print_p3(stdout, p3s->pdata[i]);
    }
    printf("\nResult set: %s\nReport:     %s/report.html\n", dir, dir);
    return TRUE;
}

static int fail(const GError *error)
{
    if (status_of(error) == HVB_EXIT_INTERRUPTED)
        return hvb_cmd_fail(HVB_EXIT_INTERRUPTED, "interrupted");
    return hvb_cmd_fail(status_of(error), "%s", error->message);
}

static int run(const Options *options, GPtrArray *profiles, const char *command)
{
    g_autofree char *dir =
        options->dir ? g_strdup(options->dir) : default_dir();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) run_error = NULL;
    guint spoilt = 0;
    g_autoptr(HvbStore) store = open_store(dir, &error);
    HvbSessionSettings settings = {
        .profiles = profiles,
        .connect = options->connect,
        .dir = dir,
        .store = store,
        .cancellable = hvb_signals_cancellable(),
    };

    if (!store || !begin(store, dir, command, &settings, &error))
        return fail(error);
    hvb_session_run(&settings, &run_error);
    g_clear_pointer(&settings.done, g_ptr_array_unref);
    if (!finish(store, dir, run_error, &error) ||
        !print_results(store, dir, &spoilt, &error)) {
        /* What ended the run matters more than what failed after it. */
        if (!run_error)
            return fail(error);
        hvb_cmd_fail(HVB_EXIT_FAILED, "%s", error->message);
    }
    if (run_error) {
        int status = fail(run_error);
        fprintf(stderr,
                "hvbench: what was measured is in %s; the same command with "
                "--output %s goes on from there\n",
                dir, dir);
        return status;
    }
    if (spoilt > 0)
        return hvb_cmd_fail(
            HVB_EXIT_FAILED,
            "%u levels have no figures, since all their cells were disturbed: "
            "stop what else runs on this host ('hvbench doctor' shows it) and "
            "measure again",
            spoilt);
    return hvb_cmd_flush();
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
