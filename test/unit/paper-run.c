/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/paper-run.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#define MS 1e6
#define WINDOW_NS 20e9
#define REFERENCE_MS 66
#define FOUR                                      \
    "[guest 2]\nloaded = yes\nmeasured = apart\n" \
    "[guest 3]\nloaded = yes\nmeasured = apart\n" \
    "[guest 4]\nloaded = yes\nmeasured = apart\n"
#define CAP(scope) "cap-percent = 50\ncap-scope = " scope "\n"
#define DEMAND                   \
    {                            \
        10, 35, 60, 85, 100, 100 \
    }
#define HALF(top)                  \
    {                              \
        10, 35, top, top, top, top \
    }

/* What is 0 here becomes what paper_scenario() says. */
static const PaperScenario scenarios[] = {
    {.name = "fig02",
     .delay_ms = {2, 10, 45, 150, 400, 700},
     .host_total = {5, 30, 55, 80, 98, 100},
     .spread = 2},
    {.name = "fig03", .delay_ms = {2, 40, 120, 250, 450, 600}, .charged = 1.09},
    {.name = "fig04", .delay_ms = {2, 41, 122, 255, 455, 610}},
    {.name = "fig05", .delay_ms = {2, 5, 10, 20, 30, 40}},
    {.name = "fig06", .delay_ms = {2, 40, 112, 224, 400, 520}},
    {.name = "fig07", .delay_ms = {2, 4, 8, 15, 22, 30}},
    {.name = "fig09",
     .settings = CAP("vcpu"),
     .delay_ms = {2, 80, 400, 800, 1100, 1500},
     .host_busy = HALF(52),
     .meter_off = 40,
     .emulator = 2},
    {.name = "fig10",
     .settings = CAP("vcpu"),
     .delay_ms = {2, 30, 80, 150, 220, 300},
     .host_busy = HALF(52)},
    {.name = "fig11",
     .settings = FOUR,
     .delay_ms = {10, 20, 40, 70, 200, 600},
     .host_busy = {10, 20, 30, 40, 50, 60},
     .host_total = {80, 85, 90, 94, 98, 100}},
    {.name = "fig12",
     .settings = FOUR,
     .delay_ms = {2, 10, 40, 100, 300, 500},
     .host_busy = {10, 20, 30, 40, 50, 60},
     .host_total = {80, 85, 90, 94, 98, 100}},
    {.name = "c04-again", .delay_ms = {2, 39, 119, 246, 446, 595}},
    {.name = "c08-light", .delay_ms = {2, 50, 140, 280, 500, 650}},
    {.name = "c08-heavy", .delay_ms = {2, 80, 250, 500, 900, 1200}},
    {.name = "c08-heavy-managed", .delay_ms = {2, 40, 120, 240, 420, 500}},
    {.name = "c12-dynamic",
     .delay_ms = {2, 56, 280, 560, 770, 1050},
     .host_busy = HALF(50)},
    {.name = "c15-two", .delay_ms = {2, 50, 150, 300, 500, 800}},
    {.name = "c15-four", .delay_ms = {2, 50, 150, 300, 500, 800}},
    {.name = "c15-eight", .delay_ms = {2, 50, 150, 300, 500, 800}},
    {.name = "c16-vm",
     .settings = CAP("vm"),
     .delay_ms = {2, 90, 420, 840, 1200, 1600},
     .host_busy = HALF(50),
     .emulator = 3},
    {.name = "c17-pinned", .delay_ms = {2, 40, 120, 250, 450, 600}},
    {.name = "c18-free",
     .settings = FOUR,
     .delay_ms = {20, 50, 100, 200, 300, 500}},
    {.name = "c18-limited",
     .settings = "limit-percent = 25\n" FOUR,
     .delay_ms = {20, 40, 60, 100, 150, 250},
     .total_factor = 0.8},
    {.name = "uni", .delay_ms = {2, 60, 180, 375, 675, 900}},
    {.name = "privileged",
     .settings = "weight = 400\n",
     .delay_ms = {2, 28, 140, 280, 385, 525}},
    {.name = "cache-none-cold", .delay_ms = {200, 240, 280, 360, 480, 600}},
    {.name = "cache-none-warm", .delay_ms = {50, 60, 70, 90, 120, 150}},
    {.name = "cache-writeback-cold", .delay_ms = {50, 60, 70, 90, 120, 150}},
    {.name = "cache-writeback-warm", .delay_ms = {50, 60, 70, 90, 120, 150}},
};

static void complete(PaperScenario *s)
{
    static const double demand[HVB_N_LEVELS] = DEMAND;

    if (s->host_busy[0] <= 0)
        memcpy(s->host_busy, demand, sizeof demand);
    if (s->host_total[0] <= 0)
        for (guint l = 0; l < HVB_N_LEVELS; l++)
            s->host_total[l] = s->host_busy[l] / 2;
    s->delay_factor = s->delay_factor > 0 ? s->delay_factor : 1;
    s->spread = s->spread > 0 ? s->spread : 1;
    s->charged = s->charged > 0 ? s->charged : 1.05;
    s->total_factor = s->total_factor > 0 ? s->total_factor : 1;
    s->unfair = 1;
}

PaperWorld *paper_world_empty(void)
{
    PaperWorld *world = g_new0(PaperWorld, 1);

    world->scenarios = g_array_new(FALSE, FALSE, sizeof(PaperScenario));
    world->repetitions = 3;
    world->samples = 40;
    world->noise = 0.02;
    world->levels = (1u << HVB_N_LEVELS) - 1;
    world->seed = 2005;
    return world;
}

PaperWorld *paper_world(void)
{
    PaperWorld *world = paper_world_empty();

    for (guint i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        PaperScenario s = scenarios[i];
        complete(&s);
        g_array_append_val(world->scenarios, s);
    }
    return world;
}

void paper_world_free(PaperWorld *world)
{
    g_array_unref(world->scenarios);
    g_free(world);
}

PaperScenario *paper_scenario(PaperWorld *world, const char *name)
{
    PaperScenario added = {.name = name};

    for (guint i = 0; i < world->scenarios->len; i++) {
        PaperScenario *s = &g_array_index(world->scenarios, PaperScenario, i);
        if (g_str_equal(s->name, name))
            return s;
    }
    complete(&added);
    g_array_append_val(world->scenarios, added);
    return &g_array_index(world->scenarios, PaperScenario,
                          world->scenarios->len - 1);
}

static HvbProfile *make_profile(const PaperScenario *s)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("[scenario]\nname = %s\n[guests]\ncount = 4\n"
                        "[guest 1]\nloaded = yes\nmeasured = yes\n%s",
                        s->name, s->settings ? s->settings : "");
    HvbProfile *profile = hvb_profile_from_text(text, "made-up", &error);

    if (!profile)
        g_error("%s: %s", s->name, error->message);
    return profile;
}

/* Spread evenly around the cell's mean. */
static void add_samples(HvbCell *cell, guint guest, guint n, double mean_ms,
                        double spread)
{
    for (guint i = 0; i < n; i++) {
        double place = (i + 0.5) / n - 0.5;
        HvbSample sample = {
            .guest = guest,
            .raw = {.index = i, .operation = WIRE_OPEN},
            .reference_ns = REFERENCE_MS * 1000000,
            .delay_ns = (gint64)(MS * mean_ms * (1 + spread * place)),
        };
        sample.response_ns = sample.delay_ns + sample.reference_ns;
        g_array_append_val(cell->samples, sample);
    }
}

static void add_guest_meter(HvbCell *cell, const PaperScenario *s,
                            const HvbGuestProfile *profile, guint guest)
{
    double busy = profile->loaded ? s->host_busy[cell->level] : 1.0;
    double charged = WINDOW_NS * busy / 100 * (guest > 1 ? s->unfair : 1);
    double emulator = WINDOW_NS * s->emulator / 100;
    double view = WINDOW_NS * MIN(busy + s->meter_off, 100) / 100;
    HvbMeterRecord m = {
        .guest = guest,
        .guest_window_ns = (gint64)WINDOW_NS,
        .user_ns = (gint64)view,
        .idle_ns = (gint64)(WINDOW_NS - view),
        .users_cpu_ns = (gint64)(charged / s->charged),
        .has_guest_view = profile->measured != HVB_MEASURED_NO,
        .host_window_ns = (gint64)WINDOW_NS,
        .host_cpu_ns = (gint64)charged,
        .host_vcpu_ns = (gint64)(charged - emulator),
        .host_emulator_ns = (gint64)emulator,
    };

    g_array_append_val(cell->meters, m);
}

static void add_host_meter(HvbCell *cell, const PaperScenario *s)
{
    double total = 2 * WINDOW_NS;
    double busy = total * s->host_total[cell->level] * s->total_factor / 100;
    HvbMeterRecord m = {
        .user_ns = (gint64)busy,
        .idle_ns = (gint64)(total - busy),
        .host_window_ns = (gint64)WINDOW_NS,
    };

    g_array_append_val(cell->meters, m);
}

static HvbCell *make_cell(const PaperWorld *world, const PaperScenario *s,
                          const HvbProfile *profile, const gsl_rng *rng,
                          HvbLevel level)
{
    HvbCell *cell = hvb_cell_new();
    double mean_ms = s->delay_ms[level] * s->delay_factor *
                     exp(gsl_ran_gaussian(rng, world->noise));

    cell->level = level;
    cell->attempt = 1;
    cell->status = HVB_CELL_DONE;
    cell->window_ns = (gint64)WINDOW_NS;
    add_host_meter(cell, s);
    for (guint g = 0; g < profile->n_guests; g++) {
        add_guest_meter(cell, s, &profile->guests[g], g + 1);
        if (profile->guests[g].measured != HVB_MEASURED_NO)
            add_samples(cell, g + 1, world->samples, mean_ms, s->spread);
    }
    return cell;
}

static void add_cells(HvbRunRecord *run, const PaperWorld *world,
                      const PaperScenario *s, const gsl_rng *rng)
{
    HvbProfile *profile = make_profile(s);

    for (guint l = 0; l < HVB_N_LEVELS; l++) {
        for (guint r = 1; r <= world->repetitions; r++) {
            if (!(world->levels >> l & 1))
                continue;
            HvbCell *cell = make_cell(world, s, profile, rng, (HvbLevel)l);
            cell->scenario = run->profiles->len;
            cell->repetition = r;
            g_ptr_array_add(run->cells, cell);
        }
    }
    g_ptr_array_add(run->profiles, profile);
}

HvbRunRecord *paper_run(const PaperWorld *world)
{
    HvbRunRecord *run = g_new0(HvbRunRecord, 1);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    gsl_rng_set(rng, world->seed);
    run->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    run->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    run->provenance = g_ptr_array_new();
    for (guint i = 0; i < world->scenarios->len; i++) {
        const PaperScenario *s =
            &g_array_index(world->scenarios, PaperScenario, i);
        if (!s->absent)
            add_cells(run, world, s, rng);
    }
    gsl_rng_free(rng);
    return run;
}

HvbCell *paper_cell(HvbRunRecord *run, const char *scenario, HvbLevel level,
                    guint repetition)
{
    for (guint i = 0; i < run->cells->len; i++) {
        HvbCell *cell = run->cells->pdata[i];
        const HvbProfile *profile = run->profiles->pdata[cell->scenario];
        if (g_str_equal(profile->name, scenario) && cell->level == level &&
            cell->repetition == repetition)
            return cell;
    }
    return NULL;
}
