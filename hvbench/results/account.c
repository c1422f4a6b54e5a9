/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/account.h"

#include "hvbench/results/measure.h"

#include <math.h>

#define NS_PER_S 1e9

/* Sums over the cells. Doubles: a guest may report any number. */
typedef struct {
    double window_ns;
    double cpu_ns, vcpu_ns, emulator_ns;
    double throttled_ns, throttled_periods;
    double view_ns; /* the window by the guest's clock; 0: never asked */
    double busy_ns, steal_ns; /* by the guest's own meter */
    double users_ns, probes_ns, agent_ns, manager_ns;
    gboolean seen;
} GuestSums;

typedef struct {
    guint cells;
    GuestSums guests[HVB_MAX_GUESTS + 1]; /* [0] is the host */
    double total_ns, total_busy_ns, total_steal_ns;
    double cell_ns, foreign, own; /* these two in % times ns */
} Sums;

static void add_guest(GuestSums *sums, const HvbMeterRecord *m)
{
    sums->seen = TRUE;
    sums->window_ns += (double)m->host_window_ns;
    sums->cpu_ns += (double)m->host_cpu_ns;
    sums->vcpu_ns += (double)m->host_vcpu_ns;
    sums->emulator_ns += (double)m->host_emulator_ns;
    sums->throttled_ns += (double)m->throttled_ns;
    sums->throttled_periods += (double)m->throttled_periods;
    if (!m->has_guest_view && m->guest != 0)
        return;
    sums->view_ns += (double)m->guest_window_ns;
    sums->busy_ns += hvb_meter_record_busy_ns(m);
    sums->steal_ns += (double)m->steal_ns;
    sums->users_ns += (double)m->users_cpu_ns;
    sums->probes_ns += (double)m->probes_cpu_ns;
    sums->agent_ns += (double)m->agent_cpu_ns;
    sums->manager_ns += (double)m->manager_cpu_ns;
}

static void add_cell(Sums *sums, const HvbCell *cell)
{
    double window_ns = (double)cell->window_ns;

    sums->cells++;
    sums->cell_ns += window_ns;
    sums->foreign += cell->foreign_percent * window_ns;
    sums->own += cell->own_percent * window_ns;
    for (guint i = 0; i < cell->meters->len; i++) {
        const HvbMeterRecord *m =
            &g_array_index(cell->meters, HvbMeterRecord, i);
        if (m->guest > HVB_MAX_GUESTS)
            continue;
        add_guest(&sums->guests[m->guest], m);
        if (m->guest != 0)
            continue;
        double busy_ns =
            (double)m->user_ns + (double)m->system_ns + (double)m->steal_ns;
        sums->total_ns += busy_ns + (double)m->idle_ns;
        sums->total_busy_ns += busy_ns;
        sums->total_steal_ns += (double)m->steal_ns;
    }
}

static double percent(double part, double whole)
{
    return whole > 0.0 ? 100.0 * part / whole : NAN;
}

static HvbAccountGuest make_guest(const GuestSums *sums, guint guest,
                                  const HvbGuestProfile *settings)
{
    double used_ns =
        sums->users_ns + sums->probes_ns + sums->agent_ns + sums->manager_ns;
    HvbAccountGuest row = {
        .guest = guest,
        .loaded = settings->loaded,
        .measured = settings->measured,
        .host_percent = percent(sums->cpu_ns, sums->window_ns),
        .vcpu_percent = percent(sums->vcpu_ns, sums->window_ns),
        .emulator_percent = percent(sums->emulator_ns, sums->window_ns),
        .throttled_percent = percent(sums->throttled_ns, sums->window_ns),
        .throttled_periods_per_s =
            sums->window_ns > 0.0
                ? sums->throttled_periods / (sums->window_ns / NS_PER_S)
                : NAN,
        .guest_busy_percent = percent(sums->busy_ns, sums->view_ns),
        .steal_percent = percent(sums->steal_ns, sums->view_ns),
        .users_percent = percent(sums->users_ns, sums->view_ns),
        .probes_percent = percent(sums->probes_ns, sums->view_ns),
        .agent_percent = percent(sums->agent_ns, sums->view_ns),
        .manager_percent = percent(sums->manager_ns, sums->view_ns),
        .used_percent = percent(used_ns, sums->view_ns),
    };

    row.overhead_percent = percent(row.host_percent, row.used_percent) - 100.0;
    return row;
}

static HvbAccountLevel make_level(const Sums *sums, HvbLevel level,
                                  const HvbProfile *profile)
{
    const GuestSums *host = &sums->guests[0];
    gboolean has_agent = profile->services > 0 || profile->host_manager;
    double agent_ns = has_agent ? host->window_ns : 0.0;
    HvbAccountLevel row = {
        .level = level,
        .cells = sums->cells,
        .host_total_percent = percent(sums->total_busy_ns, sums->total_ns),
        .host_steal_percent = percent(sums->total_steal_ns, sums->total_ns),
        .services_percent = percent(host->users_ns, agent_ns),
        .manager_percent = percent(host->manager_ns, agent_ns),
        .foreign_percent = percent(sums->foreign / 100.0, sums->cell_ns),
        .own_percent = percent(sums->own / 100.0, sums->cell_ns),
        .guests = g_array_new(FALSE, FALSE, sizeof(HvbAccountGuest)),
    };

    for (guint g = 1; g <= profile->n_guests; g++) {
        if (!sums->guests[g].seen)
            continue;
        HvbAccountGuest guest =
            make_guest(&sums->guests[g], g, &profile->guests[g - 1]);
        g_array_append_val(row.guests, guest);
    }
    return row;
}

static void level_clear(gpointer data)
{
    g_array_unref(((HvbAccountLevel *)data)->guests);
}

GArray *hvb_account_make(const HvbRunRecord *run, guint scenario)
{
    GArray *levels = g_array_new(FALSE, FALSE, sizeof(HvbAccountLevel));
    g_autoptr(GPtrArray) cells = hvb_counted_cells(run, scenario);

    g_array_set_clear_func(levels, level_clear);
    for (guint l = 0; l < HVB_N_LEVELS; l++) {
        g_autofree Sums *sums = g_new0(Sums, 1);
        for (guint i = 0; i < cells->len; i++) {
            const HvbCell *cell = cells->pdata[i];
            if (cell->level == (HvbLevel)l)
                add_cell(sums, cell);
        }
        if (sums->cells == 0)
            continue;
        HvbAccountLevel level =
            make_level(sums, (HvbLevel)l, run->profiles->pdata[scenario]);
        g_array_append_val(levels, level);
    }
    return levels;
}
