/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario's section of report.html. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/text.h"

#include <math.h>

static char *number(guint n)
{
    return g_strdup_printf("%u", n);
}

/* "12 to 15", NULL if there is no interval. */
static char *interval_of(double low_ms, double high_ms)
{
    g_autofree char *low = hvb_text_ms(low_ms);
    g_autofree char *high = hvb_text_ms(high_ms);

    if (isnan(low_ms) || isnan(high_ms))
        return NULL;
    return g_strdup_printf("%s to %s", low, high);
}

static JsonObject *figures_of(const HvbP3Level *level, const HvbP3Row *row)
{
    JsonObject *object = json_object_new();

    hvb_page_set(object, "level", g_strdup(hvb_level_name(level->level)));
    hvb_page_set(object, "colour",
                 g_strdup_printf("#%06x", hvb_level_colours[level->level]));
    json_object_set_boolean_member(object, "sampled", row->samples > 0);
    hvb_page_set(object, "samples", number(row->samples));
    hvb_page_set(object, "censored", number(row->censored));
    hvb_page_set(object, "failed", number(row->failed));
    json_object_set_boolean_member(object, "any_failed", row->failed > 0);
    hvb_page_set(object, "mean", hvb_text_ms(row->mean_ms));
    hvb_page_set(object, "interval",
                 interval_of(row->mean_low_ms, row->mean_high_ms));
    hvb_page_set(object, "p90_interval",
                 interval_of(row->p90_low_ms, row->p90_high_ms));
    hvb_page_set(object, "resolution", hvb_text_ms(row->resolution_ms));
    hvb_page_set(object, "p50", hvb_text_ms(row->p50_ms));
    hvb_page_set(object, "p90", hvb_text_ms(row->p90_ms));
    hvb_page_set(object, "p99", hvb_text_ms(row->p99_ms));
    hvb_page_set(object, "max", hvb_text_ms(row->max_ms));
    hvb_page_set(object, "spread", hvb_text_ms(row->spread_ms));
    hvb_page_set(object, "within", hvb_text_share(row->within_50ms));
    hvb_page_set(object, "over", hvb_text_share(row->over_1s));
    return object;
}

/* The headline's rows: with what belongs to the level as a whole. */
static JsonArray *headline_rows(const HvbP3 *p3)
{
    JsonArray *rows = json_array_new();

    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, i);
        JsonObject *row = figures_of(level, hvb_p3_headline(p3, level));

        hvb_page_set(row, "cells", number(level->cells));
        if (level->disturbed > 0)
            hvb_page_set(row, "disturbed", number(level->disturbed));
        if (level->suspect > 0)
            hvb_page_set(row, "suspect", number(level->suspect));
        hvb_page_set(row, "guest_busy",
                     hvb_text_percent(level->guest_busy_percent));
        hvb_page_set(row, "host_busy",
                     hvb_text_percent(level->host_busy_percent));
        hvb_page_set(row, "host_total",
                     hvb_text_percent(level->host_total_percent));
        json_array_add_object_element(rows, row);
    }
    return rows;
}

static JsonArray *other_operations(const HvbP3 *p3)
{
    JsonArray *operations = json_array_new();

    for (guint o = 0; o < WIRE_N_OPERATIONS; o++) {
        JsonObject *operation;
        JsonArray *rows;

        if (o == p3->headline)
            continue;
        operation = json_object_new();
        rows = json_array_new();
        for (guint i = 0; i < p3->levels->len; i++) {
            const HvbP3Level *l = &g_array_index(p3->levels, HvbP3Level, i);
            json_array_add_object_element(rows,
                                          figures_of(l, &l->operations[o]));
        }
        json_object_set_string_member(operation, "operation",
                                      hvb_operation_name(o));
        json_object_set_array_member(operation, "rows", rows);
        json_array_add_object_element(operations, operation);
    }
    return operations;
}

static void set_histogram(JsonObject *section, const HvbP3 *p3)
{
    JsonArray *bins = json_array_new();
    JsonArray *histogram = json_array_new();

    for (guint b = 0; b < HVB_P3_BINS; b++) {
        g_autofree char *label = hvb_text_bin(b);
        json_array_add_string_element(bins, label);
    }
    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *l = &g_array_index(p3->levels, HvbP3Level, i);
        JsonObject *row = json_object_new();
        JsonArray *counts = json_array_new();

        for (guint b = 0; b < HVB_P3_BINS; b++)
            json_array_add_int_element(counts,
                                       hvb_p3_headline(p3, l)->count[b]);
        json_object_set_string_member(row, "level", hvb_level_name(l->level));
        json_object_set_array_member(row, "counts", counts);
        json_array_add_object_element(histogram, row);
    }
    json_object_set_array_member(section, "bins", bins);
    json_object_set_array_member(section, "histogram", histogram);
}

char *hvb_page_role(const HvbGuestProfile *guest)
{
    g_autoptr(GString) role = g_string_new(guest->loaded ? "loaded" : "idle");

    if (guest->measured != HVB_MEASURED_NO)
        g_string_append(role, guest->measured == HVB_MEASURED_APART
                                  ? ", measured apart"
                                  : ", measured");
    if (guest->manager)
        g_string_append(role, ", manager");
    if (guest->limit_percent > 0)
        g_string_append_printf(role, ", limits itself to %u %%",
                               guest->limit_percent);
    if (guest->image && guest->image[0] != '\0')
        g_string_append_printf(role, ", disk image%s",
                               guest->agent ? "" : " without agent");
    return g_strdup(role->str);
}

static void append_host(GString *text, const HvbProfile *profile)
{
    if (profile->services > 0) {
        g_autofree char *demand = hvb_text_percent(profile->service_percent);
        g_string_append_printf(text,
                               " · host services: %u, asking for %s of a CPU",
                               profile->services, demand);
    }
    if (profile->host_manager)
        g_string_append(text, " · host manager");
    if (profile->cpus > 0 && !profile->native)
        g_string_append_printf(text, " · on %u host CPU%s", profile->cpus,
                               profile->cpus == 1 ? "" : "s");
    if (profile->affinity == HVB_AFFINITY_PINNED)
        g_string_append(text, " · vCPUs pinned");
}

char *hvb_page_description(const HvbProfile *profile)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint loaded = 0;

    for (guint g = 0; g < profile->n_guests; g++)
        loaded += profile->guests[g].loaded ? 1 : 0;
    if (profile->native)
        g_string_append(text, "natively, no guests");
    else
        g_string_append_printf(text, "%u guest%s, %u loaded", profile->n_guests,
                               profile->n_guests == 1 ? "" : "s", loaded);
    if (profile->hypervisor == HVB_HYPERVISOR_B)
        g_string_append(text, " · hypervisor B");
    append_host(text, profile);
    if (profile->cache != HVB_CACHE_DEFAULT)
        g_string_append_printf(text, " · disk cache %s",
                               hvb_cache_name(profile->cache));
    if (profile->guest_cache != WIRE_READING_DIRECT)
        g_string_append_printf(text, " · guest cache %s",
                               hvb_reading_name(profile->guest_cache));
    return g_strdup(text->str);
}

/* NULL if the level has none. */
static const HvbAccountGuest *account_of(const GArray *account, HvbLevel level,
                                         guint guest)
{
    for (guint i = 0; i < account->len; i++) {
        const HvbAccountLevel *l = &g_array_index(account, HvbAccountLevel, i);
        for (guint g = 0; l->level == level && g < l->guests->len; g++) {
            const HvbAccountGuest *row =
                &g_array_index(l->guests, HvbAccountGuest, g);
            if (row->guest == guest)
                return row;
        }
    }
    return NULL;
}

static JsonArray *guest_cells(const HvbGuestFinding *guest,
                              const GArray *account)
{
    JsonArray *cells = json_array_new();

    for (guint i = 0; i < guest->p3->levels->len; i++) {
        const HvbP3Level *level =
            &g_array_index(guest->p3->levels, HvbP3Level, i);
        const HvbP3Row *row = hvb_p3_headline(guest->p3, level);
        const HvbAccountGuest *cpu =
            account_of(account, level->level, guest->guest);
        JsonObject *cell = json_object_new();

        json_object_set_string_member(cell, "feel",
                                      hvb_page_feel(row->mean_ms));
        hvb_page_set(cell, "mean", hvb_text_ms(row->mean_ms));
        hvb_page_set(cell, "p90", hvb_text_ms(row->p90_ms));
        hvb_page_set(cell, "cpu",
                     hvb_text_percent(cpu ? cpu->host_percent : NAN));
        json_array_add_object_element(cells, cell);
    }
    return cells;
}

static JsonArray *level_names(const HvbP3 *p3)
{
    JsonArray *names = json_array_new();

    for (guint i = 0; i < p3->levels->len; i++)
        json_array_add_string_element(
            names,
            hvb_level_name(g_array_index(p3->levels, HvbP3Level, i).level));
    return names;
}

/* The measured guests one by one, if they are several. */
static JsonArray *guests_apart(const HvbProfile *profile, const GArray *guests,
                               const GArray *account)
{
    JsonArray *rows = json_array_new();

    for (guint i = 0; i < guests->len; i++) {
        const HvbGuestFinding *guest =
            &g_array_index(guests, HvbGuestFinding, i);
        const HvbGuestProfile *wanted = &profile->guests[guest->guest - 1];
        JsonObject *row = json_object_new();

        json_object_set_int_member(row, "guest", guest->guest);
        hvb_page_set(row, "role", hvb_page_role(wanted));
        json_object_set_int_member(row, "weight", wanted->weight);
        json_object_set_array_member(row, "apart", guest_cells(guest, account));
        json_array_add_object_element(rows, row);
    }
    return rows;
}

JsonObject *hvb_page_scenario(const char *dir, const HvbFindings *findings,
                              guint index)
{
    const HvbRunRecord *run = findings->run;
    const HvbProfile *profile = run->profiles->pdata[index];
    const HvbP3 *p3 = findings->p3s->pdata[index];
    const GArray *account = findings->accounts->pdata[index];
    g_autofree char *picture = g_strconcat("p3-", p3->scenario, NULL);
    JsonObject *section = json_object_new();

    json_object_set_string_member(section, "name", p3->scenario);
    hvb_page_set(section, "heading", hvb_text_heading(p3));
    hvb_page_set(section, "operation", hvb_text_operation(p3));
    json_object_set_string_member(section, "headline",
                                  hvb_operation_name(p3->headline));
    hvb_page_set(section, "description", hvb_page_description(profile));
    hvb_page_set(section, "picture", hvb_page_picture(dir, picture));
    json_object_set_array_member(section, "rows", headline_rows(p3));
    json_object_set_array_member(section, "guests_apart",
                                 guests_apart(profile,
                                              findings->guests->pdata[index],
                                              account));
    json_object_set_array_member(section, "guest_levels", level_names(p3));
    json_object_set_array_member(section, "others", other_operations(p3));
    set_histogram(section, p3);
    hvb_page_set_onset(section, findings, index);
    hvb_page_set_tally(section, p3);
    hvb_page_set_vantages(section, findings->vantages->pdata[index]);
    json_object_set_array_member(section, "remarks",
                                 hvb_page_remarks(run, index));
    json_object_set_array_member(section, "cells", hvb_page_cells(run, index));
    json_object_set_array_member(section, "tunings",
                                 hvb_page_tunings(run, index));
    return section;
}
