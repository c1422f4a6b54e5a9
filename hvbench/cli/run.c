/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/campaign.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/overrides.h"
#include "hvbench/cli/scenario-lines.h"

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

static HvbPlanner *plan(HvbStore *store, guint64 seed, gpointer user_data,
                        GError **error)
{
    const HvbCampaign *campaign = user_data;

    (void)store;
    (void)error;
    return hvb_plan_new(campaign->profiles, seed);
}

static void print(const HvbRunRecord *run, GPtrArray *p3s, gpointer user_data)
{
    (void)user_data;
    for (guint i = 0; i < p3s->len; i++)
        hvb_scenario_print(stdout, run, i, p3s->pdata[i]);
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
        return hvb_campaign_fail(error);
    HvbCampaign campaign = {
        .profiles = profiles,
        .command = command,
        .connect = options.connect,
        .dir = options.dir,
        .plan = plan,
        .print = print,
        .user_data = &campaign,
    };
    return hvb_campaign_run(&campaign);
}
