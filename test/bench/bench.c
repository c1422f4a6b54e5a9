/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench-bench SET: prints what hvbench itself costs.
 *
 * SET is a result set of the two profiles that test/bench/run makes: eight
 * guests, one of them measured, with two rates of operations. What no run shows
 * is weighed on the same guests, booted anew. */
#include "test/bench/weigh.h"

#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/bed/native-bed.h"
#include "hvbench/bed/state.h"
#include "hvbench/cli/commands.h"
#include "hvbench/cli/signals.h"
#include "hvbench/profile/names.h"
#include "hvbench/results/bootstrap.h"
#include "hvbench/results/compare.h"
#include "hvbench/results/origin.h"
#include "hvbench/run/calibration.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define OWN_TARGET 1.0      /* % of one CPU of the host */
#define AGENT_TARGET 0.5    /* % of the guest's CPU */
#define RECORD_TARGET 10.0  /* us of the guest's CPU, under KVM */
#define RECORD_LIMIT 5000.0 /* the same: more is a fault, on any host */

#define REST_MS 20000
#define RECORD_SAMPLES 2000u
#define RECORD_SLOT_US 8000
#define SLEEPS 500

typedef struct {
    const HvbRunRecord *run;
    HvbAccel accel;
    double foreign_limit; /* % of one CPU */
    Rest rest;
    Record in_guest;
    Record on_host;
    double sleep_us;
} Bench;

static void print_row(const char *what, const char *measured,
                      const char *target, const char *verdict)
{
    printf("%-32s  %-24s  %-7s  %s\n", what, measured, target, verdict);
}

/* A share of a CPU against its target. */
static void print_share(const Bench *bench, const char *what, double percent,
                        double worst, double target, double foreign)
{
    g_autofree char *wanted = g_strdup_printf("< %.1f %%", target);
    g_autofree char *measured =
        isnan(percent) ? g_strdup("-")
        : isnan(worst) ? g_strdup_printf("%.3f %%", percent)
                       : g_strdup_printf("%.3f %% (most %.3f)", percent, worst);
    g_autofree char *verdict =
        isnan(percent) ? g_strdup("DISTURBED: no cell is left")
        : foreign > bench->foreign_limit
            ? g_strdup_printf("DISTURBED: others used %.0f %%", foreign)
        : percent < target ? g_strdup("kept")
                           : g_strdup("MISSED");

    print_row(what, measured, wanted, verdict);
}

static void print_work(const Bench *bench, HvbLevel level)
{
    Work work = weigh_work(bench->run, level);
    const char *name = hvb_level_name(level);
    g_autofree char *own = g_strdup_printf("hvbench, measuring %s", name);
    g_autofree char *agent = g_strdup_printf("agent, measuring %s", name);

    print_share(bench, own, work.own, work.worst_own, OWN_TARGET, 0.0);
    print_share(bench, agent, work.agent, work.worst_agent, AGENT_TARGET, 0.0);
}

static void print_rest(const Bench *bench, const Rest *rest)
{
    print_share(bench, "hvbench, guests at rest", rest->own, NAN, OWN_TARGET,
                rest->foreign);
    print_share(bench, "agent, at rest", rest->agent, NAN, AGENT_TARGET,
                rest->foreign);
}

static gboolean is_faulty(const Record *record)
{
    return record->received != record->scheduled ||
           record->us_each > RECORD_LIMIT;
}

/* `target_us` 0: there is none. */
static void print_record(const Bench *bench, const char *what,
                         const Record *record, double target_us)
{
    g_autofree char *measured = g_strdup_printf("%.1f us", record->us_each);
    g_autofree char *target = target_us > 0.0
                                  ? g_strdup_printf("< %.0f us", target_us)
                                  : g_strdup("-");
    g_autofree char *verdict = NULL;

    if (record->received != record->scheduled)
        verdict = g_strdup_printf("LOST %u of %u samples",
                                  record->scheduled - record->received,
                                  record->scheduled);
    else if (is_faulty(record))
        verdict = g_strdup_printf("FAULTY: beyond %.0f us", RECORD_LIMIT);
    else if (record->foreign > bench->foreign_limit)
        verdict =
            g_strdup_printf("DISTURBED: others used %.0f %%", record->foreign);
    else if (target_us > 0.0)
        verdict = g_strdup(record->us_each < target_us ? "kept" : "MISSED");
    else
        verdict = g_strdup("reported");
    print_row(what, measured, target, verdict);
}

static void print_sleep(const Bench *bench)
{
    g_autofree char *measured = g_strdup_printf("%.1f us", bench->sleep_us);

    print_row("a bare sleep on it", measured, "-", "reported");
}

/* The two scenarios differ in the rate alone. */
static void print_change(const Bench *bench, HvbLevel level)
{
    const HvbProfile *full = bench->run->profiles->pdata[0];
    const HvbProfile *half = bench->run->profiles->pdata[1];
    HvbInterval change =
        weigh_change(bench->run, full->name, half->name, level);
    double unseen =
        hvb_interval_visible(&change, HVB_CONFIDENCE, HVB_COMPARE_POWER);
    g_autofree char *what =
        g_strdup_printf("half the rate changes %s", hvb_level_name(level));
    g_autofree char *measured =
        isnan(change.low)
            ? g_strdup("-")
            : g_strdup_printf("%+.1f (%.1f to %.1f) ms", change.estimate,
                              change.low, change.high);
    g_autofree char *verdict =
        isnan(change.low) ? g_strdup("cannot tell: too few cells")
        : change.low > 0.0 || change.high < 0.0
            ? g_strdup("DIFFERS")
            : g_strdup_printf("none seen (unseen < %.1f ms)", unseen);

    print_row(what, measured, "none", verdict);
}

static void explain(void)
{
    printf("\nhvbench: %% of one CPU of the host. agent: %% of the measured "
           "guest's CPU, beside its users\nand operations. sample: CPU to wait "
           "for, time, record and send an operation that does nothing.\nhalf "
           "the rate: mean delay with half as many operations a second, less "
           "that with all of them,\nits 95 %% interval, and what would be "
           "missed in one case of five with so few cells.\n");
}

static void print_table(const Bench *bench)
{
    static const HvbLevel levels[] = {HVB_LEVEL_NONE, HVB_LEVEL_BUSY};
    gboolean kvm = bench->accel == HVB_ACCEL_KVM;
    guint disturbed = 0;

    printf("\n");
    print_row("own weight", "measured", "target", "verdict");
    print_rest(bench, &bench->rest);
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
        print_work(bench, levels[i]);
        disturbed += weigh_work(bench->run, levels[i]).disturbed;
    }
    print_record(bench,
                 kvm ? "sample, in a guest (KVM)" : "sample, in a guest (TCG)",
                 &bench->in_guest, kvm ? RECORD_TARGET : 0.0);
    print_record(bench, "sample, on the host itself", &bench->on_host, 0.0);
    print_sleep(bench);
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++)
        print_change(bench, levels[i]);
    explain();
    if (disturbed > 0)
        printf("\n%u cell%s disturbed and left out: other programs ran on this "
               "host.\n",
               disturbed, disturbed == 1 ? " was" : "s were");
}

static HvbBed *boot(const Bench *bench, HvbConnection **ret_connection,
                    GError **error)
{
    const HvbBootSettings settings = {.cancellable = hvb_signals_cancellable()};

    *ret_connection = hvb_connection_open(NULL, error);
    if (!*ret_connection)
        return NULL;
    return hvb_libvirt_bed_boot(*ret_connection, bench->run->profiles->pdata[0],
                                bench->accel, "as before", &settings, error);
}

static gboolean weigh_guests(Bench *bench, GError **error)
{
    g_autoptr(HvbConnection) connection = NULL;
    g_autoptr(HvbBed) bed = boot(bench, &connection, error);
    GCancellable *cancellable = hvb_signals_cancellable();

    if (!bed)
        return FALSE;
    printf("weighing %u guests at rest, then %u samples\n", bed->n_guests,
           RECORD_SAMPLES);
    return hvb_calibration_wait_quiet(bed, cancellable, NULL, error) &&
           weigh_rest(bed, REST_MS, cancellable, &bench->rest, error) &&
           weigh_record(bed, RECORD_SAMPLES, RECORD_SLOT_US, cancellable,
                        &bench->in_guest, error);
}

/* Without a hypervisor: the least that it can cost in a guest. */
static gboolean weigh_host(Bench *bench, GError **error)
{
    g_autoptr(HvbProfile) profile =
        hvb_profile_from_text("[scenario]\nname = host\n"
                              "[stack]\nnative = yes\n[guests]\ncount = 1\n"
                              "[guest 1]\nloaded = yes\nmeasured = yes\n",
                              "bench", error);
    int lock = profile ? hvb_state_lock(HVB_LOCK_FILE, error) : -1;
    GCancellable *cancellable = hvb_signals_cancellable();
    g_autoptr(HvbBed) bed =
        lock >= 0 ? hvb_native_bed_start(profile, NULL, cancellable, error)
                  : NULL;
    gboolean ok = bed && weigh_record(bed, RECORD_SAMPLES, RECORD_SLOT_US,
                                      cancellable, &bench->on_host, error);

    g_clear_pointer(&bed, hvb_bed_free);
    if (lock >= 0)
        close(lock);
    return ok;
}

/* `ret_faulty`: what no host can excuse was measured. */
static gboolean bench_set(const char *dir, gboolean *ret_faulty, GError **error)
{
    g_autoptr(HvbStore) store = hvb_store_open(dir, FALSE, error);
    g_autoptr(HvbRunRecord) run =
        store ? hvb_store_load_run(store, error) : NULL;

    if (!run)
        return FALSE;
    if (run->profiles->len != 2) {
        g_set_error(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS,
                    "%s: not made by test/bench/run", dir);
        return FALSE;
    }
    const HvbProfile *profile = run->profiles->pdata[0];
    Bench bench = {
        .run = run,
        .accel = g_strcmp0(hvb_origin_value(run, "stack.accel"), "kvm") == 0
                     ? HVB_ACCEL_KVM
                     : HVB_ACCEL_TCG,
        .foreign_limit = profile->foreign_percent,
    };
    if (!weigh_guests(&bench, error) || !weigh_host(&bench, error))
        return FALSE;
    bench.sleep_us = weigh_sleep(SLEEPS, RECORD_SLOT_US);
    print_table(&bench);
    *ret_faulty = is_faulty(&bench.in_guest) || is_faulty(&bench.on_host);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    gboolean faulty;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "usage: %s SET", argv[0]);
    if (!bench_set(argv[1], &faulty, &error))
        return hvb_cmd_fail(hvb_cmd_status(error), "%s", error->message);
    return hvb_cmd_end(faulty ? HVB_EXIT_FAILED : HVB_EXIT_OK, HVB_EXIT_FAILED);
}
