/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/test-round-trip.h"

#include "hvbench/results/set-lock.h"
#include "test/unit/result-set.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* A cell in which every member differs from every other. */
static HvbCell *make_full_cell(void)
{
    HvbCell *cell = hvb_cell_new();
    HvbSample samples[] = {
        {2,
         WIRE_CLIENT,
         {G_MAXUINT32, WIRE_LAUNCH, 7, G_MAXUINT16, G_MAXUINT64,
          G_MAXUINT64 - 1, G_MAXUINT64 - 2},
         G_MININT64,
         G_MAXINT64,
         -5},
        {1, WIRE_SERVER, {3, WIRE_KEY, 0, 4, 5, 6, 7}, 8, 9, 10},
    };
    HvbClockRecord clocks[] = {
        {1, {30, G_MININT64, G_MAXINT64, 31, 32}},
        {2, {33, 34, 35, G_MAXINT64, G_MININT64}},
    };
    HvbMeterRecord meters[] = {
        {0,     11, 12, 13, 14, 15, 16, 17, 18, 19,
         FALSE, 20, 21, 22, 23, 24, 25, 26, 27, {{0}}},
        {2,    -1,         -2,         -3,  -4,  -5,  -6,  -7,  -8,  -9,
         TRUE, G_MAXINT64, G_MININT64, -10, -11, -12, -13, -14, -15, {{0}}},
    };
    HvbTuning tunings[] = {
        {-1, 100000, 50000, 1000000, G_MAXUINT64, TRUE, "0-1,4", "0-7", 2000,
         2001, TRUE, "/machine/vm/vcpu0", "/: CPUs 0-3 and /machine: idle", "",
         0, 0, 0},
        {1000, 1001, 1002, 1003, 2, FALSE, "", "", 0, 0, FALSE, "",
         "/machine: quota 1004 of 1005 us", "/machine", 1004, 1005, 0},
    };
    HvbTuning later = {-1, 5,     -1,  6,  7,  FALSE, "", "", 8,
                       9,  FALSE, "/", "", "", 0,     0,  0};
    HvbEventRecord events[] = {
        {0, G_MININT64, 78, g_strdup("note"), NULL},
        {2, 77, G_MAXINT64, g_strdup("demoted"), g_strdup("")},
    };

    cell->scenario = 1;
    cell->level = HVB_LEVEL_OVERLOAD;
    cell->repetition = G_MAXUINT32;
    cell->attempt = 2;
    cell->position = 3;
    cell->seed = G_MAXUINT64;
    cell->status = HVB_CELL_DISTURBED;
    cell->why = g_strdup("a compiler ran; it's \"loud\"\n\tvery");
    cell->suspect = TRUE;
    cell->started_realtime_us = 4;
    cell->window_ns = 5;
    cell->scheduled = 30;
    cell->received = 20;
    cell->censored = 8;
    cell->failed = 9;
    cell->lost = 10;
    cell->lost_frames = 11;
    cell->refused = 12;
    cell->late_frame_ns = 13;
    cell->late_send_ns = G_MAXINT64;
    cell->foreign_percent = 0.1;
    cell->steal_percent = 0.25;
    cell->own_percent = -INFINITY;
    cell->drift_percent = NAN;
    g_array_append_vals(cell->samples, samples, G_N_ELEMENTS(samples));
    g_array_append_vals(cell->clocks, clocks, G_N_ELEMENTS(clocks));
    g_array_append_vals(cell->meters, meters, G_N_ELEMENTS(meters));
    g_array_append_vals(cell->tunings, tunings, G_N_ELEMENTS(tunings));
    g_array_append_val(cell->tunings_after, later);
    g_array_append_vals(cell->events, events, G_N_ELEMENTS(events));
    return cell;
}

static void check_planned(const HvbCell *a, const HvbCell *b)
{
    CU_ASSERT_EQUAL(a->scenario, b->scenario);
    CU_ASSERT_EQUAL(a->level, b->level);
    CU_ASSERT_EQUAL(a->repetition, b->repetition);
    CU_ASSERT_EQUAL(a->attempt, b->attempt);
    CU_ASSERT_EQUAL(a->position, b->position);
    CU_ASSERT_EQUAL(a->seed, b->seed);
}

static void check_outcome(const HvbCell *a, const HvbCell *b)
{
    CU_ASSERT_EQUAL(a->status, b->status);
    CU_ASSERT_EQUAL(g_strcmp0(a->why, b->why), 0);
    CU_ASSERT_EQUAL(a->suspect, b->suspect);
    CU_ASSERT_EQUAL(a->started_realtime_us, b->started_realtime_us);
    CU_ASSERT_EQUAL(a->window_ns, b->window_ns);
    CU_ASSERT_EQUAL(a->scheduled, b->scheduled);
    CU_ASSERT_EQUAL(a->received, b->received);
    CU_ASSERT_EQUAL(a->censored, b->censored);
    CU_ASSERT_EQUAL(a->failed, b->failed);
    CU_ASSERT_EQUAL(a->lost, b->lost);
    CU_ASSERT_EQUAL(a->lost_frames, b->lost_frames);
    CU_ASSERT_EQUAL(a->refused, b->refused);
    CU_ASSERT_EQUAL(a->late_frame_ns, b->late_frame_ns);
    CU_ASSERT_EQUAL(a->late_send_ns, b->late_send_ns);
    CU_ASSERT_EQUAL(a->foreign_percent, b->foreign_percent);
    CU_ASSERT_EQUAL(a->steal_percent, b->steal_percent);
    CU_ASSERT_EQUAL(a->own_percent, b->own_percent);
    CU_ASSERT(isnan(a->drift_percent) && isnan(b->drift_percent));
}

static void check_samples(GArray *a, GArray *b)
{
    CU_ASSERT_FATAL(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const HvbSample *x = &g_array_index(a, HvbSample, i);
        const HvbSample *y = &g_array_index(b, HvbSample, i);
        CU_ASSERT_EQUAL(x->guest, y->guest);
        CU_ASSERT_EQUAL(x->vantage, y->vantage);
        CU_ASSERT_EQUAL(x->raw.index, y->raw.index);
        CU_ASSERT_EQUAL(x->raw.operation, y->raw.operation);
        CU_ASSERT_EQUAL(x->raw.flags, y->raw.flags);
        CU_ASSERT_EQUAL(x->raw.user, y->raw.user);
        CU_ASSERT_EQUAL(x->raw.intended_ns, y->raw.intended_ns);
        CU_ASSERT_EQUAL(x->raw.started_ns, y->raw.started_ns);
        CU_ASSERT_EQUAL(x->raw.ended_ns, y->raw.ended_ns);
        CU_ASSERT_EQUAL(x->reference_ns, y->reference_ns);
        CU_ASSERT_EQUAL(x->response_ns, y->response_ns);
        CU_ASSERT_EQUAL(x->delay_ns, y->delay_ns);
    }
}

static void check_clocks(GArray *a, GArray *b)
{
    CU_ASSERT_FATAL(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const HvbClockRecord *x = &g_array_index(a, HvbClockRecord, i);
        const HvbClockRecord *y = &g_array_index(b, HvbClockRecord, i);
        CU_ASSERT_EQUAL(x->guest, y->guest);
        CU_ASSERT_EQUAL(x->reading.host_ns, y->reading.host_ns);
        CU_ASSERT_EQUAL(x->reading.offset_ns, y->reading.offset_ns);
        CU_ASSERT_EQUAL(x->reading.error_ns, y->reading.error_ns);
        CU_ASSERT_EQUAL(x->reading.wall_ns, y->reading.wall_ns);
        CU_ASSERT_EQUAL(x->reading.host_wall_ns, y->reading.host_wall_ns);
    }
}

static void check_meters(GArray *a, GArray *b)
{
    CU_ASSERT_FATAL(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const HvbMeterRecord *x = &g_array_index(a, HvbMeterRecord, i);
        const HvbMeterRecord *y = &g_array_index(b, HvbMeterRecord, i);
        CU_ASSERT_EQUAL(x->guest, y->guest);
        CU_ASSERT_EQUAL(x->guest_window_ns, y->guest_window_ns);
        CU_ASSERT_EQUAL(x->user_ns, y->user_ns);
        CU_ASSERT_EQUAL(x->system_ns, y->system_ns);
        CU_ASSERT_EQUAL(x->steal_ns, y->steal_ns);
        CU_ASSERT_EQUAL(x->idle_ns, y->idle_ns);
        CU_ASSERT_EQUAL(x->users_cpu_ns, y->users_cpu_ns);
        CU_ASSERT_EQUAL(x->probes_cpu_ns, y->probes_cpu_ns);
        CU_ASSERT_EQUAL(x->agent_cpu_ns, y->agent_cpu_ns);
        CU_ASSERT_EQUAL(x->manager_cpu_ns, y->manager_cpu_ns);
        CU_ASSERT_EQUAL(x->has_guest_view, y->has_guest_view);
        CU_ASSERT_EQUAL(x->host_window_ns, y->host_window_ns);
        CU_ASSERT_EQUAL(x->host_cpu_ns, y->host_cpu_ns);
        CU_ASSERT_EQUAL(x->host_vcpu_ns, y->host_vcpu_ns);
        CU_ASSERT_EQUAL(x->host_emulator_ns, y->host_emulator_ns);
        CU_ASSERT_EQUAL(x->throttled_periods, y->throttled_periods);
        CU_ASSERT_EQUAL(x->throttled_ns, y->throttled_ns);
        CU_ASSERT_EQUAL(x->above_throttled_periods, y->above_throttled_periods);
        CU_ASSERT_EQUAL(x->above_throttled_ns, y->above_throttled_ns);
    }
}

static void check_tunings(GArray *a, GArray *b)
{
    CU_ASSERT_FATAL(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const HvbTuning *x = &g_array_index(a, HvbTuning, i);
        const HvbTuning *y = &g_array_index(b, HvbTuning, i);
        CU_ASSERT_EQUAL(x->vcpu_quota_us, y->vcpu_quota_us);
        CU_ASSERT_EQUAL(x->vcpu_period_us, y->vcpu_period_us);
        CU_ASSERT_EQUAL(x->vm_quota_us, y->vm_quota_us);
        CU_ASSERT_EQUAL(x->vm_period_us, y->vm_period_us);
        CU_ASSERT_EQUAL(x->shares, y->shares);
        CU_ASSERT_EQUAL(x->cgroup_v2, y->cgroup_v2);
        CU_ASSERT_STRING_EQUAL(x->cpus, y->cpus);
        CU_ASSERT_STRING_EQUAL(x->emulator_cpus, y->emulator_cpus);
        CU_ASSERT_EQUAL(x->vcpu_burst_us, y->vcpu_burst_us);
        CU_ASSERT_EQUAL(x->vm_burst_us, y->vm_burst_us);
        CU_ASSERT_EQUAL(x->idle, y->idle);
        CU_ASSERT_STRING_EQUAL(x->group, y->group);
        CU_ASSERT_STRING_EQUAL(x->above, y->above);
        CU_ASSERT_STRING_EQUAL(x->limit_group, y->limit_group);
        CU_ASSERT_EQUAL(x->limit_quota_us, y->limit_quota_us);
        CU_ASSERT_EQUAL(x->limit_period_us, y->limit_period_us);
    }
}

static void check_events(GArray *a, GArray *b)
{
    CU_ASSERT_FATAL(a->len == b->len);
    for (guint i = 0; i < a->len; i++) {
        const HvbEventRecord *x = &g_array_index(a, HvbEventRecord, i);
        const HvbEventRecord *y = &g_array_index(b, HvbEventRecord, i);
        CU_ASSERT_EQUAL(x->guest, y->guest);
        CU_ASSERT_EQUAL(x->time_ns, y->time_ns);
        CU_ASSERT_EQUAL(x->host_ns, y->host_ns);
        CU_ASSERT_EQUAL(g_strcmp0(x->kind, y->kind), 0);
        CU_ASSERT_EQUAL(g_strcmp0(x->text, y->text), 0);
    }
}

void test_cell_is_read_back_as_written(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbCell) cell = make_full_cell();
    g_autoptr(HvbRunRecord) run = NULL;

    CU_ASSERT_FATAL(hvb_store_add_cell(set->store, cell, NULL));
    set_reopen(set, FALSE);
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run && run->cells->len == 1);
    check_planned(run->cells->pdata[0], cell);
    check_outcome(run->cells->pdata[0], cell);
    check_samples(((HvbCell *)run->cells->pdata[0])->samples, cell->samples);
    check_clocks(((HvbCell *)run->cells->pdata[0])->clocks, cell->clocks);
    check_meters(((HvbCell *)run->cells->pdata[0])->meters, cell->meters);
    check_tunings(((HvbCell *)run->cells->pdata[0])->tunings, cell->tunings);
    check_tunings(((HvbCell *)run->cells->pdata[0])->tunings_after,
                  cell->tunings_after);
    check_events(((HvbCell *)run->cells->pdata[0])->events, cell->events);
}

void test_every_status_is_read_back(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = NULL;

    for (guint s = HVB_CELL_PLANNED; s <= HVB_CELL_FAILED; s++)
        CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, (HvbCellStatus)s));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run && run->cells->len == 4);
    for (guint s = HVB_CELL_PLANNED; s <= HVB_CELL_FAILED; s++)
        CU_ASSERT_EQUAL(((HvbCell *)run->cells->pdata[s])->status, s);
}

void test_run_is_read_back_as_written(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = NULL;
    gint64 now = g_get_real_time();

    CU_ASSERT(hvb_store_end_run(set->store, "failed", "no power", NULL));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run != NULL);
    CU_ASSERT(strlen(run->hvbench) > 0);
    CU_ASSERT_STRING_EQUAL(run->command_line, "hvbench run alpha beta");
    CU_ASSERT_STRING_EQUAL(run->status, "failed");
    CU_ASSERT_STRING_EQUAL(run->why, "no power");
    CU_ASSERT_EQUAL(run->seed, SET_SEED);
    CU_ASSERT(run->started_us > 0 && run->started_us <= now);
    CU_ASSERT(run->ended_us >= now);
    CU_ASSERT_FATAL(run->profiles->len == 2);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *was = hvb_profile_to_text(set->profiles->pdata[i]);
        g_autofree char *is = hvb_profile_to_text(run->profiles->pdata[i]);
        CU_ASSERT_STRING_EQUAL(was, is);
    }
}

void test_running_run_has_no_end(void)
{
    g_autoptr(Set) set = set_begin();
    int lock = hvb_set_lock(set->dir); /* as who runs it has */
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);

    close(lock);
    CU_ASSERT_FATAL(run != NULL);
    CU_ASSERT_STRING_EQUAL(run->status, "running");
    CU_ASSERT_PTR_NULL(run->why);
    CU_ASSERT_EQUAL(run->ended_us, 0);
}

void test_guest_is_read_back_as_written(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = hvb_store_load_run(set->store, NULL);
    const HvbGuestRecord *guest;

    CU_ASSERT_FATAL(run && run->guests->len == 2);
    guest = &g_array_index(run->guests, HvbGuestRecord, 1);
    CU_ASSERT_EQUAL(guest->guest, 2);
    CU_ASSERT_STRING_EQUAL(guest->name, "two");
    CU_ASSERT_EQUAL(guest->hello.version, G_MAXUINT16);
    CU_ASSERT_EQUAL(guest->hello.flags, WIRE_HELLO_INIT | WIRE_HELLO_DISK);
    CU_ASSERT_EQUAL(guest->hello.cpus, G_MAXUINT32);
    CU_ASSERT_EQUAL(guest->hello.memory_kib, G_MAXUINT64);
    CU_ASSERT_EQUAL(guest->hello.iterations_per_ms, G_MAXUINT64 - 1);
    CU_ASSERT_STRING_EQUAL(guest->hello.agent, "agent");
    CU_ASSERT_STRING_EQUAL(guest->hello.kernel, "kernel");
    CU_ASSERT_STRING_EQUAL(guest->hello.cpu, "cpu");
    CU_ASSERT_STRING_EQUAL(guest->hello.clocksource, "tsc");
    CU_ASSERT_EQUAL(guest->calibration.rounds, 7);
    CU_ASSERT_EQUAL(guest->calibration.spread_permille, 8);
    CU_ASSERT_EQUAL(guest->calibration.converged, 1);
    CU_ASSERT_EQUAL(guest->calibration.iterations_per_ms, 2000);
    CU_ASSERT_EQUAL(guest->references.ns[WIRE_SERVER][WIRE_KEY], 5);
    CU_ASSERT_EQUAL(guest->references.ns[WIRE_SERVER][WIRE_OPEN], 0);
    CU_ASSERT_EQUAL(guest->references.ns[WIRE_SERVER][WIRE_LAUNCH], G_MAXINT64);
    CU_ASSERT_EQUAL(guest->references.ns[WIRE_CLIENT][WIRE_KEY], 6);
    CU_ASSERT_EQUAL(guest->references.ns[WIRE_CLIENT][WIRE_OPEN], 7);
    CU_ASSERT_EQUAL(guest->references.ns[WIRE_CLIENT][WIRE_LAUNCH],
                    G_MAXINT64 - 1);
}

void test_provenance_is_replaced_in_place(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbRunRecord) run = NULL;
    const HvbProvenance *entry;

    CU_ASSERT(hvb_store_set_provenance(set->store, "z", "1", NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "a", "2", NULL));
    CU_ASSERT(hvb_store_set_provenance(set->store, "z", "3", NULL));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run && run->provenance->len == 2);
    entry = run->provenance->pdata[0];
    CU_ASSERT_STRING_EQUAL(entry->key, "z");
    CU_ASSERT_STRING_EQUAL(entry->value, "3");
    entry = run->provenance->pdata[1];
    CU_ASSERT_STRING_EQUAL(entry->key, "a");
}

void test_text_of_a_guest_is_made_harmless(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbCell) cell = set_make_cell(0, HVB_LEVEL_NONE, HVB_CELL_DONE);
    g_autoptr(HvbRunRecord) run = NULL;
    HvbEventRecord event = {1, 2, 3, g_strdup("note"),
                            g_strdup("\xff\x1b[2J'); DROP TABLE cells;--")};
    WireHello hello = {.version = 1};
    WireCalibration calibration = {.rounds = 1};
    HvbReferences references = {0};
    const HvbGuestRecord *guest;

    /* Each odd byte becomes three: one character is cut, and goes. */
    memset(hello.kernel, 0xfe, WIRE_MAX_STRING);
    hello.kernel[0] = 'k';
    g_array_append_val(cell->events, event);
    CU_ASSERT(hvb_store_add_guest(set->store, 2, "two", &hello, &calibration,
                                  &references, NULL));
    CU_ASSERT(hvb_store_add_cell(set->store, cell, NULL));
    run = hvb_store_load_run(set->store, NULL);
    CU_ASSERT_FATAL(run && run->guests->len == 3 && run->cells->len == 1);
    CU_ASSERT_STRING_EQUAL(
        g_array_index(((HvbCell *)run->cells->pdata[0])->events, HvbEventRecord,
                      0)
            .text,
        "\xef\xbf\xbd\xef\xbf\xbd[2J'); DROP TABLE cells;--");
    guest = &g_array_index(run->guests, HvbGuestRecord, 2);
    CU_ASSERT(g_utf8_validate(guest->hello.kernel, -1, NULL));
    CU_ASSERT_EQUAL(strlen(guest->hello.kernel), 253);
}
