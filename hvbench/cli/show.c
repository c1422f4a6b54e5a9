/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench show: what a profile amounts to, and where a result set comes from.
 */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/enforced.h"
#include "hvbench/cli/overrides.h"
#include "hvbench/cli/result-dir.h"
#include "hvbench/cli/show-set.h"
#include "hvbench/profile/turn.h"

#include <stdio.h>

static guint count_cells(const HvbProfile *profile)
{
    guint levels = 0;

    for (int i = 0; i < HVB_N_LEVELS; i++)
        levels += profile->levels[i] ? 1 : 0;
    return levels * profile->repetitions;
}

static guint64 cell_ms(const HvbProfile *profile)
{
    return profile->settle_ms + hvb_profile_window_ms(profile);
}

static void print_duration(guint64 ms)
{
    guint64 seconds = (ms + 999) / 1000;

    if (seconds < 60)
        printf("%" G_GUINT64_FORMAT " s", seconds);
    else
        printf("%" G_GUINT64_FORMAT " min %" G_GUINT64_FORMAT " s",
               seconds / 60, seconds % 60);
}

/* Seconds with one decimal, whatever the locale. */
static void print_seconds(guint64 ms)
{
    guint64 tenths = (ms + 50) / 100;

    printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " s", tenths / 10,
           tenths % 10);
}

static void print_run(guint cells, guint64 least_ms, guint64 drain_ms)
{
    printf("%u cells, ", cells);
    print_duration(least_ms);
    printf(" to ");
    print_duration(least_ms + drain_ms);
    printf(" without boot, calibration and reruns\n");
}

static void print_bed(const HvbProfile *profile)
{
    g_autofree char *doubt = hvb_turn_doubt(profile, 0);
    guint loaded = 0, measured = 0;

    for (guint i = 0; i < profile->n_guests; i++) {
        loaded += profile->guests[i].loaded ? 1 : 0;
        measured += profile->guests[i].measured ? 1 : 0;
    }
    if (profile->native)
        printf("# bed: the host itself");
    else
        printf("# bed: %u guests, %u of them loaded, %u measured",
               profile->n_guests, loaded, measured);
    if (profile->services > 0)
        printf(", %u service%s of the host", profile->services,
               profile->services == 1 ? "" : "s");
    if (profile->host_manager)
        printf(", a manager on the host");
    if (profile->cpus > 0)
        printf(", on %u host CPU%s", profile->cpus,
               profile->cpus == 1 ? "" : "s");
    printf("\n");
    if (doubt)
        printf("# warning: %s\n", doubt);
    if (profile->native)
        printf("# without guests, kernel, memory, cache, cap and weight below "
               "mean nothing\n");
}

static void print_plan(const HvbProfile *profile)
{
    guint cells = count_cells(profile);

    printf("# %s%s%s\n", profile->name, *profile->title ? ": " : "",
           profile->title);
    if (*profile->figure)
        printf("# reproduces figure %s of the paper\n", profile->figure);
    printf("# from %s\n#\n", profile->path);
    print_bed(profile);
    printf("# window: ");
    print_seconds(hvb_profile_window_ms(profile));
    printf(", %" G_GUINT64_FORMAT " operations of each measured guest\n",
           hvb_profile_window_ms(profile) / profile->slot_ms);
    printf("# cell: ");
    print_seconds(cell_ms(profile));
    printf(" to settle and measure, then up to ");
    print_seconds(profile->drain_ms);
    printf(" to drain\n# plan: %u levels x %u repetitions = ",
           cells / profile->repetitions, profile->repetitions);
    print_run(cells, cells * cell_ms(profile),
              (guint64)cells * profile->drain_ms);
    printf("\n");
}

static void print_total(GPtrArray *profiles)
{
    guint cells = 0;
    guint64 least_ms = 0, drain_ms = 0;

    for (guint i = 0; i < profiles->len; i++) {
        const HvbProfile *profile = profiles->pdata[i];
        cells += count_cells(profile);
        least_ms += count_cells(profile) * cell_ms(profile);
        drain_ms += (guint64)count_cells(profile) * profile->drain_ms;
    }
    printf("\n# all %u scenarios: ", profiles->len);
    print_run(cells, least_ms, drain_ms);
}

/* The paper's figure 8: not what was configured, but what the host says. */
static void print_enforced(void)
{
    g_autoptr(GArray) tunings = hvb_enforced_read();

    if (!tunings)
        return;
    g_autofree char *text = hvb_enforced_describe(tunings);
    g_auto(GStrv) parts = g_strsplit(text, "; ", 0);
    printf("\n# A bed is up on this host now. The kernel enforces:\n");
    for (char **part = parts; *part; part++)
        printf("#   %s\n", *part);
}

static int show_profiles(GPtrArray *profiles)
{
    for (guint i = 0; i < profiles->len; i++) {
        g_autofree char *text = hvb_profile_to_text(profiles->pdata[i]);
        if (i > 0)
            printf("\n");
        print_plan(profiles->pdata[i]);
        printf("%s", text);
    }
    if (profiles->len > 1)
        print_total(profiles);
    print_enforced();
    return HVB_EXIT_OK;
}

static int show_sets(char *const *dirs, gboolean texts)
{
    g_autoptr(GError) error = NULL;

    for (char *const *dir = dirs; *dir; dir++) {
        if (!hvb_result_dir_check(*dir, &error))
            return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
        if (dirs[1])
            printf("%sResult set %s\n\n", dir == dirs ? "" : "\n", *dir);
        if (!hvb_show_set(*dir, texts, &error))
            return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
    }
    return HVB_EXIT_OK;
}

int hvb_cmd_show(int argc, char **argv)
{
    g_auto(GStrv) names = NULL;
    gboolean texts = FALSE;
    HvbOverrides overrides = {0};
    const GOptionEntry entries[] = {
        {"text", 0, 0, G_OPTION_ARG_NONE, &texts,
         "Of a result set: the complete profiles, too", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &names, NULL,
         "PROFILE...|DIR..."},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    GOptionGroup *group = hvb_overrides_group(&overrides);
    g_autoptr(GError) error = NULL;

    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    g_option_context_set_summary(
        context, "Prints the effective configuration of profiles, and the plan "
                 "that follows from it;\nwhile a bed is up on this host, also "
                 "the caps, weights and CPUs that the kernel\nenforces on "
                 "it.\n\nOf a result set it prints where its figures come "
                 "from: run, host, stacks, guests,\nprofiles and how they "
                 "differ from the shipped ones, cells by status.");
    if (!hvb_cmd_parse(context, &argc, &argv))
        return HVB_EXIT_USAGE;
    if (!names)
        return hvb_cmd_fail(HVB_EXIT_USAGE,
                            "show: which profile (see 'hvbench list') or "
                            "result set?");
    if (g_file_test(names[0], G_FILE_TEST_IS_DIR))
        return show_sets(names, texts);
    g_autoptr(GPtrArray) profiles =
        hvb_overrides_load(&overrides, (const char *const *)names, &error);
    if (!profiles)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "%s", error->message);
    return show_profiles(profiles);
}
