/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench doctor: what this host can do, and what would spoil a measurement.
 *
 * What needs no libvirt comes first: the load of other programs must be
 * measured before libvirt probes QEMU. */
#include "hvbench/bed/ancestry.h"
#include "hvbench/bed/host-cpus.h"
#include "hvbench/bed/host.h"
#include "hvbench/bed/images.h"
#include "hvbench/bed/link.h"
#include "hvbench/cli/checks.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/doctor-bed.h"
#include "hvbench/cli/processes.h"
#include "hvbench/cli/signals.h"
#include "hvbench/run/host-meter.h"

#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOAD_INTERVAL_MS 1000
#define N_BUSIEST 3

static gboolean in_group(const char *name)
{
    const struct group *group = getgrnam(name);
    gid_t gids[NGROUPS_MAX];
    int n = getgroups(NGROUPS_MAX, gids);

    if (!group)
        return FALSE;
    for (int i = 0; i < n; i++)
        if (gids[i] == group->gr_gid)
            return TRUE;
    return getegid() == group->gr_gid;
}

static void check_facts(HvbCheckup *checkup, const GArray *facts)
{
    static const struct {
        const char *key;
        HvbCheck (*judge)(const char *value);
    } judges[] = {
        {"host.cpus", hvb_check_cpus},
        {"host.smt", hvb_check_smt},
        {"host.governor", hvb_check_governor},
        {"host.turbo", hvb_check_turbo},
        {"host.clocksource", hvb_check_clocksource},
        {"host.autogroup", hvb_check_autogroup},
    };

    hvb_checkup_add(checkup,
                    hvb_check_cgroup(hvb_host_fact(facts, "host.cgroup"),
                                     hvb_host_fact(facts, "host.cgroup_cpu")));
    for (gsize i = 0; i < G_N_ELEMENTS(judges); i++)
        hvb_checkup_add(checkup,
                        judges[i].judge(hvb_host_fact(facts, judges[i].key)));
}

static void check_usable_cpus(HvbCheckup *checkup)
{
    g_autoptr(GError) error = NULL;
    HvbHostCpus cpus;

    if (!hvb_host_cpus_read("/", &cpus, &error)) {
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_FAIL, "guests' CPUs",
                                               NULL, "%s", error->message));
        return;
    }
    g_autofree char *usable = hvb_cpus_text(&cpus.usable);
    g_autofree char *doubt = hvb_host_cpus_doubt(&cpus);
    hvb_checkup_add(checkup, hvb_check_usable_cpus(usable, doubt));
}

/* Of the groups that guests will be in: there is none yet. */
static void check_limits(HvbCheckup *checkup)
{
    g_autoptr(HvbAncestry) ancestry = hvb_ancestry_of_partition("/");
    HvbTuning tuning = {0};
    g_autoptr(GError) error = NULL;

    if (hvb_ancestry_read(ancestry, &tuning, &error))
        hvb_checkup_add(checkup, hvb_check_limits(&tuning));
    else
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_FAIL, "limits", NULL,
                                               "%s", error->message));
}

static void check_memory(HvbCheckup *checkup, const HvbProfile *profile)
{
    g_autofree char *meminfo = NULL;
    g_autoptr(GError) error = NULL;

    g_autofree char *doubt = hvb_images_memory_doubt("/", profile);

    if (hvb_images_check_memory("/", profile, &error) && doubt)
        hvb_checkup_add(checkup,
                        hvb_check_new(HVB_CHECK_WARN, "memory",
                                      "raise memory.high of that group", "%s",
                                      doubt));
    else if (!error)
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_OK, "memory", NULL,
                                               "enough for %u guests of %u MiB",
                                               profile->n_guests,
                                               profile->guests[0].memory_mib));
    else
        hvb_checkup_add(checkup, hvb_check_new(HVB_CHECK_FAIL, "memory", NULL,
                                               "%s", error->message));
    if (g_file_get_contents("/proc/meminfo", &meminfo, NULL, NULL))
        hvb_checkup_add(checkup, hvb_check_swap(meminfo));
}

/* Measures for a second what others do, and what the host's own host takes. */
static void check_load(HvbCheckup *checkup, double limit_percent,
                       GCancellable *cancellable)
{
    g_autoptr(GArray) processes_before = hvb_processes_read();
    HvbHostMeter before, after;
    double loadavg = 0;

    hvb_checkup_busy(checkup, "measuring the load of other programs");
    hvb_host_meter_read(&before);
    if (!hvb_sleep(LOAD_INTERVAL_MS, cancellable, NULL))
        return;
    hvb_host_meter_read(&after);
    g_autoptr(GArray) processes_after = hvb_processes_read();
    double interval_ns = (double)(after.time_ns - before.time_ns);
    gint64 foreign_ns =
        (after.busy_ns - before.busy_ns) - (after.own_ns - before.own_ns);
    g_autofree char *busiest =
        hvb_processes_busiest(processes_before, processes_after,
                              interval_ns / 1e9, getpid(), N_BUSIEST);
    (void)getloadavg(&loadavg, 1);
    hvb_checkup_add(checkup,
                    hvb_check_foreign(100.0 * (double)MAX(foreign_ns, 0) /
                                          interval_ns,
                                      limit_percent, loadavg, busiest));
    hvb_checkup_add(checkup,
                    hvb_check_steal(100.0 *
                                    (double)(after.steal_ns - before.steal_ns) /
                                    interval_ns));
}

static void check_gnuplot(HvbCheckup *checkup)
{
    g_autofree char *path = g_find_program_in_path("gnuplot");

    hvb_checkup_add(checkup,
                    path ? hvb_check_new(HVB_CHECK_OK, "gnuplot", NULL, "%s",
                                         path)
                         : hvb_check_new(HVB_CHECK_FAIL, "gnuplot",
                                         "apt-get install gnuplot-nox, or in "
                                         "hvbench's source: scripts/setup",
                                         "not found: it draws the pictures"));
}

static void check_space(HvbCheckup *checkup)
{
    g_autofree char *dir = g_get_current_dir();
    struct statvfs fs;

    if (statvfs(".", &fs) == 0)
        hvb_checkup_add(checkup, hvb_check_space("disk space", dir,
                                                 (guint64)fs.f_bavail *
                                                     fs.f_frsize / 1048576,
                                                 access(".", W_OK) == 0));
}

static void check_profiles(HvbCheckup *checkup)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = hvb_profile_list(&error);
    g_autofree char *all = names ? g_strjoinv(", ", names) : NULL;

    hvb_checkup_add(
        checkup,
        all && *all
            ? hvb_check_new(HVB_CHECK_OK, "profiles", NULL, "%s", all)
            : hvb_check_new(HVB_CHECK_FAIL, "profiles",
                            "run hvbench from its build directory, or install "
                            "it: in its source, make install",
                            "%s", error ? error->message : "none is shipped"));
}

/* The bed that the paper's scenarios share: it is made of the defaults. */
static HvbProfile *usual_profile(void)
{
    g_autoptr(GError) error = NULL;
    HvbProfile *profile = hvb_profile_from_text("[scenario]\n"
                                                "name = doctor\n"
                                                "[guest 1]\n"
                                                "loaded = yes\n"
                                                "measured = yes\n",
                                                "the doctor's profile", &error);

    if (!profile)
        g_error("%s", error->message);
    return profile;
}

static int diagnose(const char *uri, gboolean quick)
{
    g_autoptr(GArray) facts = hvb_host_facts_below("/");
    g_autoptr(HvbProfile) profile = usual_profile();
    GCancellable *cancellable = hvb_signals_cancellable();
    HvbCheckup checkup;

    hvb_checkup_init(&checkup, stdout);
    hvb_checkup_add(&checkup, hvb_check_privileges(geteuid() == 0,
                                                   in_group("libvirt"), uri));
    check_facts(&checkup, facts);
    check_usable_cpus(&checkup);
    check_limits(&checkup);
    check_profiles(&checkup);
    check_memory(&checkup, profile);
    check_load(&checkup, profile->foreign_percent, cancellable);
    check_gnuplot(&checkup);
    check_space(&checkup);
    const HvbBedQuestions questions = {
        .uri = uri,
        .quick = quick,
        .profile = profile,
        .kvm = hvb_host_fact(facts, "host.kvm"),
        .cancellable = cancellable,
    };
    if (!g_cancellable_is_cancelled(cancellable))
        hvb_doctor_check_bed(&checkup, &questions);
    if (g_cancellable_is_cancelled(cancellable))
        return HVB_EXIT_INTERRUPTED;
    return hvb_checkup_end(&checkup) ? HVB_EXIT_OK : HVB_EXIT_HOST;
}

int hvb_cmd_doctor(int argc, char **argv)
{
    g_autofree char *uri = NULL;
    gboolean quick = FALSE;
    const GOptionEntry entries[] = {
        {"connect", 0, 0, G_OPTION_ARG_STRING, &uri,
         "libvirt's URI (default: the QEMU driver within hvbench)", "URI"},
        {"quick", 0, 0, G_OPTION_ARG_NONE, &quick,
         "boot no test guest under KVM: say what is remembered of it", NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context, "Tells what this host can do, and what would spoil a "
                 "measurement, with the remedy.\nRun it when nothing else "
                 "runs. Status 3 if anything fails; warnings are no\n"
                 "failures.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!hvb_cmd_parse(context, &argc, &argv))
        return HVB_EXIT_USAGE;
    if (argc > 1)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "doctor takes no operand: '%s'",
                            argv[1]);
    return diagnose(uri, quick);
}
