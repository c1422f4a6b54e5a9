/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a cell tells of clocks and of the client side. */
#include "hvbench/run/conductor.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <string.h>

/* One guest, loaded, measured and with a manager. */
typedef struct {
    FakeBed *bed;
    FakeAgent *agent;
    GPtrArray *profiles;
    GPtrArray *cells; /* HvbCell * handed over */
    GPtrArray *notes; /* char * */
    HvbConductor *conductor;
} Fixture;

static void on_note(const char *kind, const char *text, gpointer user_data)
{
    if (strcmp(kind, "note") == 0)
        g_ptr_array_add(((Fixture *)user_data)->notes, g_strdup(text));
}

static gboolean on_cell_ends(HvbCell *cell, gpointer user_data, GError **error)
{
    (void)error;
    g_ptr_array_add(((Fixture *)user_data)->cells, cell);
    return TRUE;
}

static const HvbConductorHooks hooks = {
    .note = on_note,
    .cell_ends = on_cell_ends,
};

static HvbProfile *one_guest(void)
{
    HvbProfile *profile = fake_bed_profile(1);

    profile->samples = 4;
    profile->slot_ms = 2;
    profile->reruns = 2;
    return profile;
}

static void set_up(Fixture *f)
{
    *f = (Fixture){.bed = fake_bed_new(1)};
    f->agent = f->bed->agents[0];
    f->profiles =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_profile_free);
    g_ptr_array_add(f->profiles, one_guest());
    f->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    f->notes = g_ptr_array_new_with_free_func(g_free);
    /* Not prepared: the fake agent does without, and no delay is looked at. */
    f->conductor =
        hvb_conductor_new(&f->bed->bed, f->profiles, &hooks, f, NULL);
}

static void tear_down(Fixture *f)
{
    hvb_conductor_free(f->conductor);
    hvb_bed_free(&f->bed->bed);
    g_ptr_array_unref(f->profiles);
    g_ptr_array_unref(f->cells);
    g_ptr_array_unref(f->notes);
}

static HvbProfile *profile_of(Fixture *f)
{
    return f->profiles->pdata[0];
}

/* Returns the last attempt. */
static const HvbCell *run(Fixture *f)
{
    const HvbPlanCell planned = {.level = HVB_LEVEL_LOW, .repetition = 1};

    CU_ASSERT_TRUE(hvb_conductor_run_cell(f->conductor, &planned, NULL));
    CU_ASSERT_TRUE_FATAL(f->cells->len > 0);
    return f->cells->pdata[f->cells->len - 1];
}

static const HvbEventRecord *find_event(const HvbCell *cell, const char *kind)
{
    for (guint i = 0; i < cell->events->len; i++) {
        const HvbEventRecord *event =
            &g_array_index(cell->events, HvbEventRecord, i);
        if (strcmp(event->kind, kind) == 0)
            return event;
    }
    return NULL;
}

static void test_clocks_are_read_before_a_cell_and_after_it(void)
{
    Fixture f;

    set_up(&f);
    const HvbCell *cell = run(&f);
    CU_ASSERT_EQUAL_FATAL(cell->clocks->len, 2);
    for (guint i = 0; i < 2; i++) {
        const HvbClockRecord *clock =
            &g_array_index(cell->clocks, HvbClockRecord, i);
        CU_ASSERT_EQUAL(clock->guest, 1);
        CU_ASSERT_TRUE(llabs(clock->reading.offset_ns -
                             (gint64)FAKE_AHEAD_NS) <= clock->reading.error_ns);
    }
    CU_ASSERT_PTR_NULL(find_event(cell, "clock"));
    tear_down(&f);
}

static void test_what_a_guest_tells_is_dated_by_the_hosts_clock(void)
{
    gint64 error_ns = 0;
    Fixture f;

    set_up(&f);
    const HvbCell *cell = run(&f);
    const HvbEventRecord *event = find_event(cell, "demoted");
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    for (guint i = 0; i < cell->clocks->len; i++)
        error_ns = MAX(error_ns, g_array_index(cell->clocks, HvbClockRecord, i)
                                     .reading.error_ns);
    CU_ASSERT_TRUE(llabs(event->time_ns - (gint64)FAKE_AHEAD_NS -
                         event->host_ns) <= error_ns);
    tear_down(&f);
}

static void test_a_clock_that_jumps_is_an_event_of_its_cell(void)
{
    Fixture f;

    set_up(&f);
    run(&f);
    f.agent->jump_ns = G_GUINT64_CONSTANT(10000000000);
    const HvbEventRecord *event = find_event(run(&f), "clock");
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    CU_ASSERT_EQUAL(event->guest, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(event->text, "the clock of guest1 jumped"));
    CU_ASSERT_PTR_NULL(find_event(run(&f), "clock"));
    tear_down(&f);
}

static void test_a_cell_is_run_three_times_at_most(void)
{
    Fixture f;

    set_up(&f);
    profile_of(&f)->late_frame_ms = 5000;
    f.agent->held_ns = G_GUINT64_CONSTANT(10000000000);
    CU_ASSERT_EQUAL(run(&f)->status, HVB_CELL_DISTURBED);
    CU_ASSERT_EQUAL(f.cells->len, 3);
    f.agent->held_ns = 0;
    profile_of(&f)->late_frame_ms = 1000000000;
    CU_ASSERT_EQUAL(run(&f)->status, HVB_CELL_DONE);
    CU_ASSERT_EQUAL(f.cells->len, 4);
    tear_down(&f);
}

static void test_either_vantage_has_as_many_samples_and_is_told_of_once(void)
{
    guint n[WIRE_N_VANTAGES] = {0};
    gint64 latest_ns = 0;
    Fixture f;

    set_up(&f);
    profile_of(&f)->vantages = HVB_VANTAGES_BOTH;
    const HvbCell *cell = run(&f);
    CU_ASSERT_EQUAL(cell->status, HVB_CELL_DONE);
    CU_ASSERT_EQUAL(cell->received, cell->scheduled);
    CU_ASSERT_EQUAL(cell->samples->len, cell->received);
    for (guint i = 0; i < cell->samples->len; i++) {
        const HvbSample *s = &g_array_index(cell->samples, HvbSample, i);
        n[s->vantage]++;
        CU_ASSERT_EQUAL(s->response_ns,
                        (gint64)(s->raw.ended_ns - s->raw.intended_ns));
        if (s->vantage == WIRE_CLIENT)
            latest_ns = MAX(latest_ns,
                            (gint64)(s->raw.started_ns - s->raw.intended_ns));
    }
    CU_ASSERT_TRUE(n[WIRE_SERVER] >= 4);
    CU_ASSERT_EQUAL(n[WIRE_SERVER], n[WIRE_CLIENT]);
    CU_ASSERT_EQUAL(cell->late_send_ns, latest_ns);
    run(&f);
    CU_ASSERT_EQUAL_FATAL(f.notes->len, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.notes->pdata[0], "real-time priority"));
    tear_down(&f);
}

CU_TestInfo tests_cells[] = {
    {"clocks are read before a cell and after it",
     test_clocks_are_read_before_a_cell_and_after_it},
    {"what a guest tells is dated by the host's clock",
     test_what_a_guest_tells_is_dated_by_the_hosts_clock},
    {"a clock that jumps is an event of its cell",
     test_a_clock_that_jumps_is_an_event_of_its_cell},
    {"a cell is run three times at most",
     test_a_cell_is_run_three_times_at_most},
    {"either vantage has as many samples and is told of once",
     test_either_vantage_has_as_many_samples_and_is_told_of_once},
    TEST_END,
};
