/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run like the paper's, made up. */
#include "test/unit/report-set.h"

#include <math.h>
#include <string.h>

#define N_GUESTS 8u
#define N_REPETITIONS 3u
#define N_SAMPLES 24u
#define WINDOW_NS (20 * G_GINT64_CONSTANT(1000000000))
#define STARTED_US G_GINT64_CONSTANT(1767225600000000)
/* What takes longer had not ended when the window was drained. */
#define CENSORED_NS (4 * G_GINT64_CONSTANT(1000000000))
#define SEED 2005
#define SERVICES "[host]\nservices = 3\nservice-percent = 20\nmanager = yes\n"

/* `overload_ms` is the mean delay in Overload; the levels below have less. */
static const struct {
    const char *name;
    const char *figure;
    const char *title;
    double overload_ms;
    guint measured; /* guests */
    const char *settings;
} scenarios[REPORT_SET_SCENARIOS] = {
    {"c04-again", "", "Figure 3 once more, on another boot", 350, 1, ""},
    {"c08-light", "", "Light host services, no manager", 380, 1, ""},
    {"c08-heavy", "", "Heavy host services", 900, 1, ""},
    {"c08-heavy-managed", "", "Heavy host services, managed", 520, 1, ""},
    {"c12-dynamic", "", "Four busy guests, no manager", 1100, 4, ""},
    {"c15-two", "", "The same demand from two guests", 700, 2, ""},
    {"c15-four", "", "The same demand from four guests", 720, 4, ""},
    {"c15-eight", "", "The same demand from eight guests", 740, 8, ""},
    {"c16-vm", "", "The cap counts the whole VM", 1250, 1, ""},
    {"c17-pinned", "", "Each vCPU pinned to a host CPU", 340, 1, ""},
    {"c18-free", "", "Neighbours of a guest without a limit", 500, 2, ""},
    {"c18-limited", "", "Neighbours of a guest that limits itself", 210, 2,
     "[guest 1]\nlimit-percent = 40\n"},
    {"privileged", "", "One privileged guest among four", 300, 4,
     "[guest 1]\nweight = 400\n"},
    {"uni", "", "One loaded guest, the host has a single CPU", 800, 1,
     "[host]\ncpus = 1\n"},
    {"cache-none-cold", "", "Host cache none, guest cache cold", 360, 1, ""},
    {"cache-none-warm", "", "Host cache none, guest cache warm", 340, 1, ""},
    {"cache-writeback-cold", "", "Host cache writeback, guest cold", 350, 1,
     ""},
    {"fig12", "12", "Four busy guests, managers in guests and host", 130, 4,
     SERVICES},
    {"fig11", "11", "Four busy guests, a manager on the host", 950, 4,
     SERVICES},
    {"fig10", "10", "One loaded guest, 50 % cap, guest manager", 420, 1,
     "[guest 1]\ncap-percent = 50\nmanager = yes\n"},
    {"fig09", "9", "One loaded guest, 50 % cap", 1300, 1,
     "[guest 1]\ncap-percent = 50\n[probe]\nvantage = both\n"},
    {"fig07", "7", "One loaded guest, managers in guest and host", 30, 1,
     SERVICES},
    {"fig06", "6", "One loaded guest, a manager on the host", 300, 1, SERVICES},
    {"fig05", "5", "One loaded guest, a manager in it", 45, 1,
     "[guest 1]\nmanager = yes\n"},
    {"fig04", "4", "One loaded guest, another hypervisor", 320, 1,
     "[probe]\nvantage = client\n"},
    {"fig03", "3", "One loaded guest", 350, 1, ""},
    {"fig02", "2", "The host itself, no guests", 600, 1, ""},
};

static HvbProfile *make_profile(guint index)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    HvbProfile *profile;

    g_string_printf(text, "[scenario]\nname = %s\nfigure = %s\ntitle = %s\n",
                    scenarios[index].name, scenarios[index].figure,
                    scenarios[index].title);
    g_string_append_printf(text, "[guests]\ncount = %u\n", N_GUESTS);
    for (guint g = 1; g <= scenarios[index].measured; g++)
        g_string_append_printf(text,
                               "[guest %u]\nloaded = yes\nmeasured = yes\n", g);
    g_string_append(text, scenarios[index].settings);
    profile = hvb_profile_from_text(text->str, "made-up", &error);
    if (!profile)
        g_error("%s: %s", scenarios[index].name, error->message);
    return profile;
}

/* Grows with the square of the level, None having next to nothing. */
static double mean_ms(guint scenario, HvbLevel level)
{
    double share = (double)level / HVB_LEVEL_OVERLOAD;

    return 4 + scenarios[scenario].overload_ms * share * share;
}

static void add_samples(HvbCell *cell, guint guest, WireVantage vantage,
                        GRand *random)
{
    double mean = mean_ms(cell->scenario, cell->level) *
                  g_rand_double_range(random, 0.85, 1.15);

    for (guint i = 0; i < 2 * N_SAMPLES; i++) {
        double factor = -log(1 - g_rand_double(random)); /* exponential */
        HvbSample sample = {
            .guest = guest,
            .vantage = vantage,
            .raw.index = i,
            .raw.operation = i % 2 == 0 ? WIRE_OPEN : WIRE_KEY,
            .reference_ns = i % 2 == 0 ? 66000000 : 5500000,
        };

        sample.delay_ns = (gint64)(1e6 * mean * factor / (1 + i % 2 * 9));
        if (sample.delay_ns > CENSORED_NS)
            sample.raw.flags = WIRE_SAMPLE_CENSORED;
        sample.response_ns = sample.reference_ns + sample.delay_ns;
        g_array_append_val(cell->samples, sample);
    }
}

static void add_measured(HvbCell *cell, const HvbProfile *profile, guint guest,
                         GRand *random)
{
    for (guint v = 0; v < WIRE_N_VANTAGES; v++)
        if (hvb_profile_has_vantage(profile, (WireVantage)v))
            add_samples(cell, guest, (WireVantage)v, random);
    if (hvb_profile_has_vantage(profile, WIRE_CLIENT))
        cell->late_send_ns = 140000 + 10000 * (gint64)cell->repetition;
    cell->late_frame_ns = 3100000 * ((gint64)cell->level + 1);
}

/* A reading before the cell and one after it, of a guest whose clock gains 12
 * millionths on the host's. */
static void add_clocks(HvbCell *cell, guint guest, GArray *all)
{
    for (guint i = 0; i < 2; i++) {
        gint64 host_ns = (cell->position + i + 1) * WINDOW_NS;
        HvbClockRecord record = {
            .guest = guest,
            .reading = {.host_ns = host_ns,
                        .offset_ns = host_ns / 1000000 * 12 - 5 * WINDOW_NS,
                        .error_ns = 45000,
                        .host_wall_ns = STARTED_US * 1000},
        };

        g_array_append_val(cell->clocks, record);
        g_array_append_val(all, record);
    }
}

static gint64 part_of_window(double share)
{
    return (gint64)(share * (double)WINDOW_NS);
}

/* A guest that asks for more with each level and gets half of a CPU if it is
 * capped, without knowing. */
static void add_guest_meter(HvbCell *cell, guint guest,
                            const HvbGuestProfile *profile)
{
    double wanted = profile->loaded ? MIN(0.05 + 0.25 * cell->level, 1) : 0.01;
    double given = profile->cap_percent > 0 ? MIN(wanted, 0.48) : wanted;
    HvbMeterRecord m = {
        .guest = guest,
        .guest_window_ns = WINDOW_NS,
        .user_ns = part_of_window(0.8 * wanted),
        .system_ns = part_of_window(0.2 * wanted),
        .idle_ns = part_of_window(1 - wanted),
        .users_cpu_ns = part_of_window(0.85 * given),
        .probes_cpu_ns = part_of_window(0.1 * given),
        .has_guest_view = profile->measured != HVB_MEASURED_NO,
        .host_window_ns = WINDOW_NS,
        .host_cpu_ns = part_of_window(1.04 * given),
        .host_vcpu_ns = part_of_window(1.01 * given),
        .host_emulator_ns = part_of_window(0.03 * given),
        .throttled_periods = wanted > given ? 150 : 0,
        .throttled_ns = part_of_window(wanted - given),
    };

    g_array_append_val(cell->meters, m);
}

static void add_host_meter(HvbCell *cell)
{
    HvbMeterRecord m = {.guest_window_ns = 2 * WINDOW_NS,
                        .has_guest_view = TRUE};

    for (guint i = 0; i < cell->meters->len; i++)
        m.user_ns += g_array_index(cell->meters, HvbMeterRecord, i).host_cpu_ns;
    m.user_ns = MIN(m.user_ns, 2 * WINDOW_NS);
    m.idle_ns = 2 * WINDOW_NS - m.user_ns;
    g_array_prepend_val(cell->meters, m);
}

static void add_tuning(HvbCell *cell, const HvbProfile *profile, guint guest)
{
    const HvbGuestProfile *wanted = &profile->guests[guest];
    HvbTuning tuning = {
        .vcpu_quota_us = wanted->cap_percent > 0 ? 50000 : -1,
        .vcpu_period_us = 100000,
        .vm_quota_us = -1,
        .vm_period_us = 100000,
        .shares = 1024 * wanted->weight / 100,
    };

    g_strlcpy(tuning.cpus, profile->cpus == 1 ? "0" : "0-1",
              sizeof tuning.cpus);
    g_array_append_val(cell->tunings, tuning);
}

/* Every 23rd cell is disturbed, every 31st suspect. */
static void set_status(HvbCell *cell)
{
    cell->status = HVB_CELL_DONE;
    if (cell->position % 23 == 22) {
        cell->status = HVB_CELL_DISTURBED;
        cell->why = g_strdup("other programs used 31.0 % of a CPU");
    } else if (cell->position % 31 == 30) {
        cell->suspect = TRUE;
        cell->why = g_strdup("the calibration drifted by 6.2 %");
    }
}

static HvbCell *make_cell(const HvbProfile *profile, guint scenario,
                          HvbLevel level, guint repetition, GArray *clocks)
{
    guint position = (scenario * HVB_N_LEVELS + level) * N_REPETITIONS;
    HvbCell *cell = hvb_cell_new();
    g_autoptr(GRand) random = NULL;

    cell->scenario = scenario;
    cell->level = level;
    cell->repetition = repetition;
    cell->attempt = 1;
    cell->position = position + repetition - 1;
    cell->window_ns = WINDOW_NS;
    cell->started_realtime_us = STARTED_US;
    set_status(cell);
    random = g_rand_new_with_seed(SEED + cell->position);
    for (guint g = 0; g < N_GUESTS; g++) {
        if (profile->guests[g].measured != HVB_MEASURED_NO)
            add_measured(cell, profile, g + 1, random);
        if (profile->guests[g].loaded)
            add_clocks(cell, g + 1, clocks);
        add_guest_meter(cell, g + 1, &profile->guests[g]);
        add_tuning(cell, profile, g);
    }
    add_host_meter(cell);
    cell->scheduled = cell->received = cell->samples->len;
    return cell;
}

static void add_guests(ReportSet *set)
{
    static const char *const kernels[] = {"cloud", "amd64", "rt"};

    for (guint g = 1; g <= N_GUESTS; g++) {
        HvbGuestRecord guest = {
            .guest = g,
            .name = g_strdup_printf("hvbench-1234-guest%u", g),
            .hello.memory_kib = 100 * 1024,
            .hello.clocksource = "tsc",
            .calibration = {.iterations_per_ms = 400000 + g,
                            .spread_permille = 4,
                            .converged = TRUE},
            .references.ns = {{5500000, 66000000, 140000000}},
        };

        if (g == 1)
            memcpy(guest.references.ns[WIRE_CLIENT],
                   (gint64[]){5900000, 66500000, 140800000},
                   sizeof guest.references.ns[WIRE_CLIENT]);
        g_snprintf(guest.hello.agent, sizeof guest.hello.agent, "%s",
                   set->run->hvbench);
        g_snprintf(guest.hello.kernel, sizeof guest.hello.kernel,
                   "6.1.0-%s-amd64", kernels[g % G_N_ELEMENTS(kernels)]);
        g_array_append_val(set->run->guests, guest);
    }
}

/* What the planner notes of time. */
static void add_times(ReportSet *set)
{
    report_set_add_provenance(set, "reproduce.budget_s", "4500");
    report_set_add_provenance(set, "reproduce.plan.boot",
                              "cells=0 seconds=120");
    report_set_add_provenance(set, "reproduce.used.boot",
                              "cells=0 seconds=133");
    for (guint s = 0; s < REPORT_SET_SCENARIOS; s++) {
        g_autofree char *plan =
            g_strconcat("reproduce.plan.", scenarios[s].name, NULL);
        g_autofree char *used =
            g_strconcat("reproduce.used.", scenarios[s].name, NULL);
        report_set_add_provenance(set, plan, "cells=18 seconds=396");
        report_set_add_provenance(set, used, "cells=19 seconds=421");
    }
}

ReportSet *report_set_paper(void)
{
    ReportSet *set = report_set_empty();

    for (guint s = 0; s < REPORT_SET_SCENARIOS; s++) {
        HvbProfile *profile = make_profile(s);

        g_ptr_array_add(set->run->profiles, profile);
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            for (guint r = 1; r <= N_REPETITIONS; r++)
                g_ptr_array_add(set->run->cells,
                                make_cell(profile, s, (HvbLevel)level, r,
                                          set->run->clocks));
    }
    add_guests(set);
    add_times(set);
    set->findings = hvb_findings_new(set->run);
    return set;
}
