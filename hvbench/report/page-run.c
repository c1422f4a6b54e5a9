/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What report.html tells of the run itself: cells, tuning, guests, events. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/text.h"

#include <string.h>

/* A guest may send as many events as it likes; the database has them all. */
#define MAX_OTHER_EVENTS 100
/* More is no step of a clock but another boot of the host. */
#define MAX_WALL_STEP_NS (600 * G_GINT64_CONSTANT(1000000000))

static gboolean is_remarkable(const HvbCell *cell)
{
    return cell->status != HVB_CELL_DONE || cell->suspect;
}

static const char *verdict_of(const HvbCell *cell)
{
    if (cell->status == HVB_CELL_DONE && cell->suspect)
        return "suspect";
    return hvb_cell_status_name(cell->status);
}

/* "12 ms"; HVB_TEXT_NOTHING for 0: nothing of the kind happened. */
static char *lateness_text(gint64 late_ns)
{
    g_autofree char *ms = hvb_text_ms((double)late_ns / 1e6);

    return late_ns > 0 ? g_strdup_printf("%s ms", ms)
                       : g_strdup(HVB_TEXT_NOTHING);
}

static JsonObject *cell_of(const HvbCell *cell)
{
    JsonObject *object = json_object_new();

    hvb_page_set(object, "level", g_strdup(hvb_level_name(cell->level)));
    json_object_set_int_member(object, "position", cell->position + 1);
    json_object_set_int_member(object, "repetition", cell->repetition);
    json_object_set_int_member(object, "attempt", cell->attempt);
    hvb_page_set(object, "verdict", g_strdup(verdict_of(cell)));
    json_object_set_boolean_member(object, "bad", is_remarkable(cell));
    hvb_page_set(object, "reason", g_strdup(cell->why));
    hvb_page_set(object, "start", hvb_page_time(cell->started_realtime_us));
    hvb_page_set(object, "window",
                 g_strdup_printf("%" G_GINT64_FORMAT ".%d s",
                                 cell->window_ns / 1000000000,
                                 (int)(cell->window_ns / 100000000 % 10)));
    json_object_set_int_member(object, "scheduled", cell->scheduled);
    json_object_set_int_member(object, "received", cell->received);
    json_object_set_int_member(object, "censored", cell->censored);
    json_object_set_int_member(object, "failed", cell->failed);
    json_object_set_int_member(object, "lost", cell->lost);
    json_object_set_int_member(object, "lost_frames", cell->lost_frames);
    json_object_set_int_member(object, "refused", cell->refused);
    hvb_page_set(object, "late_frame", lateness_text(cell->late_frame_ns));
    hvb_page_set(object, "late_send", lateness_text(cell->late_send_ns));
    hvb_page_set(object, "foreign", hvb_text_percent(cell->foreign_percent));
    hvb_page_set(object, "steal", hvb_text_percent(cell->steal_percent));
    hvb_page_set(object, "own", hvb_text_percent(cell->own_percent));
    hvb_page_set(object, "drift", hvb_text_percent(cell->drift_percent));
    return object;
}

static JsonArray *cells_where(const HvbRunRecord *run, guint index,
                              gboolean (*wanted)(const HvbCell *cell))
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        if (cell->scenario == index && (!wanted || wanted(cell)))
            json_array_add_object_element(array, cell_of(cell));
    }
    return array;
}

JsonArray *hvb_page_remarks(const HvbRunRecord *run, guint index)
{
    return cells_where(run, index, is_remarkable);
}

JsonArray *hvb_page_cells(const HvbRunRecord *run, guint index)
{
    return cells_where(run, index, NULL);
}

/* "50000 of 100000 µs = 50.0 %" */
static char *quota_text(gint64 quota_us, gint64 period_us, gint64 burst_us)
{
    g_autofree char *percent = NULL;
    g_autofree char *burst = NULL;

    if (quota_us < 0 || period_us <= 0)
        return g_strdup("no cap");
    percent = hvb_text_percent(100.0 * (double)quota_us / (double)period_us);
    if (burst_us > 0)
        burst = g_strdup_printf(", burst %" G_GINT64_FORMAT " µs", burst_us);
    return g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                           " µs = %s%s",
                           quota_us, period_us, percent, burst ? burst : "");
}

/* What others have set, the tightest limit first. */
static char *above_text(const HvbTuning *tuning)
{
    g_autofree char *quota = NULL;

    if (!*tuning->above)
        return g_strdup(HVB_TEXT_NOTHING);
    if (!*tuning->limit_group)
        return g_strdup(tuning->above);
    quota = hvb_text_percent(100.0 * (double)tuning->limit_quota_us /
                             (double)tuning->limit_period_us);
    return g_strdup_printf("%s in all by %s (%s)", quota, tuning->limit_group,
                           tuning->above);
}

static void set_wanted(JsonObject *row, const HvbGuestProfile *guest)
{
    hvb_page_set(row, "role", hvb_page_role(guest));
    hvb_page_set(row, "wanted_cap",
                 guest->cap_percent > 0
                     ? g_strdup_printf("%u %% of a CPU, scope %s, per %u µs",
                                       guest->cap_percent,
                                       hvb_cap_scope_name(guest->cap_scope),
                                       guest->cap_period_us)
                     : g_strdup("no cap"));
    hvb_page_set(row, "wanted_weight", g_strdup_printf("%u", guest->weight));
}

static gboolean same_tuning(const HvbTuning *a, const HvbTuning *b)
{
    return a->vcpu_quota_us == b->vcpu_quota_us &&
           a->vcpu_period_us == b->vcpu_period_us &&
           a->vm_quota_us == b->vm_quota_us &&
           a->vm_period_us == b->vm_period_us && a->shares == b->shares &&
           a->cgroup_v2 == b->cgroup_v2 && strcmp(a->cpus, b->cpus) == 0 &&
           a->vcpu_burst_us == b->vcpu_burst_us &&
           a->vm_burst_us == b->vm_burst_us && a->idle == b->idle &&
           strcmp(a->emulator_cpus, b->emulator_cpus) == 0 &&
           strcmp(a->above, b->above) == 0;
}

static JsonObject *tuning_row(const HvbRunRecord *run, guint index, guint guest,
                              const HvbTuning *tuning, gboolean changed)
{
    JsonObject *row = json_object_new();
    const HvbProfile *profile =
        index < run->profiles->len ? run->profiles->pdata[index] : NULL;

    json_object_set_int_member(row, "guest", guest + 1);
    if (profile && guest < profile->n_guests)
        set_wanted(row, &profile->guests[guest]);
    hvb_page_set(row, "vcpu",
                 quota_text(tuning->vcpu_quota_us, tuning->vcpu_period_us,
                            tuning->vcpu_burst_us));
    hvb_page_set(row, "vm",
                 quota_text(tuning->vm_quota_us, tuning->vm_period_us,
                            tuning->vm_burst_us));
    hvb_page_set(row, "above", above_text(tuning));
    hvb_page_set(row, "shares",
                 g_strdup_printf("%s %" G_GUINT64_FORMAT "%s",
                                 tuning->cgroup_v2 ? "cpu.weight"
                                                   : "cpu.shares",
                                 tuning->shares,
                                 tuning->idle ? ", cpu.idle" : ""));
    hvb_page_set(row, "cpus",
                 g_strdup(tuning->cpus[0] != '\0' ? tuning->cpus
                                                  : HVB_TEXT_NOTHING));
    json_object_set_boolean_member(row, "changed", changed);
    return row;
}

/* Adds a row for what `guest` had by these readings of a cell, unless it is
 * among those `seen`. */
static void add_tuning(JsonArray *rows, const HvbRunRecord *run, guint index,
                       guint guest, const GArray *tunings, GArray *seen)
{
    if (guest >= tunings->len)
        return;
    const HvbTuning *tuning = &g_array_index(tunings, HvbTuning, guest);
    for (guint s = 0; s < seen->len; s++)
        if (same_tuning(tuning, &g_array_index(seen, HvbTuning, s)))
            return;
    json_array_add_object_element(rows, tuning_row(run, index, guest, tuning,
                                                   seen->len > 0));
    g_array_append_val(seen, *tuning);
}

/* Adds a row for each setting that `guest` had in the scenario's cells: one,
 * unless something changed it under way. */
static gboolean add_tunings(JsonArray *rows, const HvbRunRecord *run,
                            guint index, guint guest)
{
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(HvbTuning));

    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        if (cell->scenario != index)
            continue;
        add_tuning(rows, run, index, guest, cell->tunings, seen);
        add_tuning(rows, run, index, guest, cell->tunings_after, seen);
    }
    return seen->len > 0;
}

JsonArray *hvb_page_tunings(const HvbRunRecord *run, guint index)
{
    JsonArray *rows = json_array_new();

    for (guint guest = 0; add_tunings(rows, run, index, guest);)
        guest++;
    return rows;
}

static guint count_events(const HvbCell *cell, const char *kind)
{
    guint n = 0;

    for (guint e = 0; e < cell->events->len; e++)
        n += g_strcmp0(g_array_index(cell->events, HvbEventRecord, e).kind,
                       kind) == 0;
    return n;
}

static const char *scenario_name(const HvbRunRecord *run, guint index)
{
    return index < run->profiles->len
               ? ((const HvbProfile *)run->profiles->pdata[index])->name
               : "?";
}

JsonArray *hvb_page_manager_events(const HvbRunRecord *run)
{
    JsonArray *rows = json_array_new();

    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        guint demoted = count_events(cell, "demoted");
        guint restored = count_events(cell, "restored");
        JsonObject *row;

        if (demoted + restored == 0)
            continue;
        row = json_object_new();
        hvb_page_set(row, "scenario",
                     g_strdup(scenario_name(run, cell->scenario)));
        hvb_page_set(row, "level", g_strdup(hvb_level_name(cell->level)));
        json_object_set_int_member(row, "repetition", cell->repetition);
        json_object_set_int_member(row, "attempt", cell->attempt);
        json_object_set_int_member(row, "demoted", demoted);
        json_object_set_int_member(row, "restored", restored);
        json_array_add_object_element(rows, row);
    }
    return rows;
}

/* The host's wall clock at `host_ns`, by the nearest of these readings; NULL if
 * there is none, or if the host was booted anew between them. */
static char *event_time(const GArray *clocks, gint64 host_ns)
{
    gint64 low = G_MAXINT64, high = G_MININT64, nearest = G_MAXINT64, wall = 0;

    for (guint i = 0; clocks && host_ns > 0 && i < clocks->len; i++) {
        const HvbClockReading *reading =
            &g_array_index(clocks, HvbClockRecord, i).reading;
        gint64 distance = ABS(reading->host_ns - host_ns);
        if (distance < nearest)
            wall = reading->host_wall_ns;
        nearest = MIN(nearest, distance);
        low = MIN(low, reading->host_wall_ns);
        high = MAX(high, reading->host_wall_ns);
    }
    if (nearest == G_MAXINT64 || high - low > MAX_WALL_STEP_NS)
        return NULL;
    return hvb_page_moment(host_ns + wall);
}

/* `cell` NULL: outside of any. */
static void add_event(JsonArray *rows, const HvbRunRecord *run,
                      const HvbCell *cell, const HvbEventRecord *event)
{
    JsonObject *row;

    if (json_array_get_length(rows) >= MAX_OTHER_EVENTS)
        return;
    row = json_object_new();
    if (cell) {
        hvb_page_set(row, "scenario",
                     g_strdup(scenario_name(run, cell->scenario)));
        hvb_page_set(row, "level", g_strdup(hvb_level_name(cell->level)));
        json_object_set_int_member(row, "repetition", cell->repetition);
    }
    hvb_page_set(row, "when",
                 event_time(cell ? cell->clocks : run->clocks, event->host_ns));
    hvb_page_set(row, "who",
                 event->guest > 0 ? g_strdup_printf("guest %u", event->guest)
                                  : g_strdup("hvbench"));
    hvb_page_set(row, "kind", g_strdup(event->kind));
    hvb_page_set(row, "text", g_strdup(event->text));
    json_array_add_object_element(rows, row);
}

static gboolean is_managers(const HvbEventRecord *event)
{
    return g_strcmp0(event->kind, "demoted") == 0 ||
           g_strcmp0(event->kind, "restored") == 0;
}

/* Steps of clocks, and clocksources that changed. */
static gboolean is_clocks(const HvbEventRecord *event)
{
    return g_strcmp0(event->kind, "clock") == 0;
}

static void add_cell_events(JsonArray *rows, const HvbRunRecord *run,
                            gboolean of_clocks)
{
    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        for (guint e = 0; e < cell->events->len; e++) {
            const HvbEventRecord *event =
                &g_array_index(cell->events, HvbEventRecord, e);
            if (!is_managers(event) && is_clocks(event) == of_clocks)
                add_event(rows, run, cell, event);
        }
    }
}

/* What happened outside of cells first: few, and they tell how the run went.
 * Then what no guest can bury under notes of its own. */
JsonArray *hvb_page_other_events(const HvbRunRecord *run)
{
    JsonArray *rows = json_array_new();

    for (guint e = 0; e < run->events->len; e++)
        add_event(rows, run, NULL,
                  &g_array_index(run->events, HvbEventRecord, e));
    add_cell_events(rows, run, TRUE);
    add_cell_events(rows, run, FALSE);
    return rows;
}
