/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run made in parts: which run is gone on with, and on what. */
#include "hvbench/cli/provenance.h"
#include "hvbench/cli/session-private.h"
#include "test/suites.h"
#include "test/unit/result-set.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A run of which one cell is done. */
static Set *begin_and_measure(void)
{
    Set *set = set_begin();

    CU_ASSERT_FATAL(set_store_cell(set, 1, HVB_LEVEL_LOW, HVB_CELL_DONE));
    return set;
}

static void test_resume_finds_the_done_cells(void)
{
    g_autoptr(Set) set = begin_and_measure();
    g_autoptr(GPtrArray) cells = NULL;
    guint64 seed = 0;

    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DISTURBED));
    CU_ASSERT(set_store_cell(set, 1, HVB_LEVEL_BUSY, HVB_CELL_FAILED));
    CU_ASSERT(hvb_store_end_run(set->store, "interrupted", "^C", NULL));
    set_reopen(set, TRUE);
    CU_ASSERT_FATAL(
        hvb_store_resume(set->store, set->profiles, 0, &seed, &cells, NULL));
    CU_ASSERT_EQUAL(seed, SET_SEED);
    CU_ASSERT_FATAL(cells && cells->len == 1);
    CU_ASSERT_EQUAL(((HvbCell *)cells->pdata[0])->scenario, 1);
    CU_ASSERT_EQUAL(((HvbCell *)cells->pdata[0])->level, HVB_LEVEL_LOW);
    CU_ASSERT_EQUAL(((HvbCell *)cells->pdata[0])->samples->len, 2);
    CU_ASSERT_EQUAL(set_sql_number(set,
                                   "SELECT count(*) FROM runs"
                                   " WHERE status = 'running'"
                                   " AND why IS NULL AND ended_us IS NULL"),
                    1);
}

/* A session that has taken over what is done. */
static HvbSession *take_done(const HvbSessionSettings *settings)
{
    HvbSession *session = g_new0(HvbSession, 1);

    session->settings = settings;
    session->cells =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    session->p3s = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_p3_free);
    for (guint i = 0; i < settings->profiles->len; i++)
        g_ptr_array_add(session->p3s,
                        hvb_p3_for_profile(settings->profiles->pdata[i]));
    hvb_session_take_done(session);
    return session;
}

static void session_free(HvbSession *session)
{
    g_ptr_array_unref(session->cells);
    g_ptr_array_unref(session->p3s);
    g_free(session);
}

static void test_done_cells_are_not_measured_again(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(HvbPlanner) plan = hvb_plan_new(set->profiles, SET_SEED);
    g_autoptr(GPtrArray) cells = NULL;
    HvbForecast forecast;
    HvbPlanCell cell;
    guint64 seed = 0;

    CU_ASSERT(set_store_cell(set, 1, HVB_LEVEL_OVERLOAD, HVB_CELL_DONE));
    CU_ASSERT(hvb_store_end_run(set->store, "interrupted", "^C", NULL));
    CU_ASSERT_FATAL(
        hvb_store_resume(set->store, set->profiles, 0, &seed, &cells, NULL));
    const HvbSessionSettings settings = {.profiles = set->profiles,
                                         .planner = plan,
                                         .done = cells};
    HvbSession *session = take_done(&settings);
    CU_ASSERT_EQUAL(session->cells->len, 1);
    plan->forecast(plan, &forecast);
    CU_ASSERT_EQUAL(forecast.done, 1);
    while (plan->next(plan, 0, &cell)) {
        const HvbKnown known = {0};
        CU_ASSERT_FALSE(cell.scenario == 1 &&
                        cell.level == HVB_LEVEL_OVERLOAD &&
                        cell.repetition == 1);
        plan->finished(plan, cell.scenario, cell.level, cell.repetition,
                       &known);
    }
    session_free(session);
}

/* A disturbed cell may be run again by the one that goes on; one that was
 * disturbed as often as it may be is over. */
static void test_resume_finds_the_cells_without_a_rerun_left(void)
{
    g_autoptr(Set) set = begin_and_measure();
    const HvbProfile *profile = set->profiles->pdata[0];
    g_autoptr(GPtrArray) cells = NULL;
    guint64 seed = 0;

    CU_ASSERT_FATAL(profile->reruns > 0);
    for (guint attempt = 1; attempt <= 1 + profile->reruns; attempt++) {
        g_autoptr(HvbCell) cell =
            set_make_cell(0, HVB_LEVEL_NONE, HVB_CELL_DISTURBED);
        cell->attempt = attempt;
        CU_ASSERT(hvb_store_add_cell(set->store, cell, NULL));
    }
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_OVERLOAD, HVB_CELL_DISTURBED));
    CU_ASSERT_FATAL(
        hvb_store_resume(set->store, set->profiles, 0, &seed, &cells, NULL));
    CU_ASSERT_FATAL(cells && cells->len == 2);
    const HvbCell *over = cells->pdata[1];
    CU_ASSERT_EQUAL(over->status, HVB_CELL_DISTURBED);
    CU_ASSERT_EQUAL(over->level, HVB_LEVEL_NONE);
    CU_ASSERT_EQUAL(over->attempt, 1 + profile->reruns);
}

static void test_resumed_run_wants_its_guests_added_anew(void)
{
    g_autoptr(Set) set = begin_and_measure();
    g_autoptr(GPtrArray) cells = NULL;
    guint64 seed = 0;

    CU_ASSERT_FATAL(
        hvb_store_resume(set->store, set->profiles, 0, &seed, &cells, NULL));
    CU_ASSERT_FALSE(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT(set_add_guest(set, 1, 1) && set_add_guest(set, 2, 2));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_DONE));
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM runs"), 1);
}

static gboolean resumes(Set *set, const char *second, const char *seed)
{
    g_autoptr(GPtrArray) profiles = set_make_profiles(second, seed);
    g_autoptr(GPtrArray) cells = NULL;
    g_autoptr(GError) error = NULL;
    guint64 ret_seed = 0;
    gboolean resumed =
        hvb_store_resume(set->store, profiles, 0, &ret_seed, &cells, &error);

    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_EQUAL(resumed, cells != NULL);
    return resumed;
}

static void test_resume_wants_the_same_profiles(void)
{
    g_autoptr(Set) set = begin_and_measure();

    CU_ASSERT_FALSE(resumes(set, "gamma", "1"));
    CU_ASSERT(resumes(set, "beta", "1"));
    g_ptr_array_set_size(set->profiles, 1);
    CU_ASSERT(hvb_store_begin_run(set->store, NULL, 1, set->profiles, NULL));
    CU_ASSERT_FALSE(resumes(set, "beta", "1"));
}

static void test_resume_ignores_the_seed_in_profile_texts(void)
{
    g_autoptr(Set) set = begin_and_measure();

    CU_ASSERT(resumes(set, "beta", "2"));
}

static void test_done_run_is_not_resumed(void)
{
    g_autoptr(Set) set = begin_and_measure();

    CU_ASSERT(hvb_store_end_run(set->store, "done", NULL, NULL));
    CU_ASSERT_FALSE(resumes(set, "beta", "1"));
}

static void test_run_without_a_done_cell_is_not_resumed(void)
{
    g_autoptr(Set) set = set_begin();

    g_autoptr(HvbCell) over =
        set_make_cell(0, HVB_LEVEL_NONE, HVB_CELL_DISTURBED);

    over->attempt = G_MAXUINT8;
    CU_ASSERT(hvb_store_add_cell(set->store, over, NULL));
    CU_ASSERT(set_store_cell(set, 0, HVB_LEVEL_NONE, HVB_CELL_FAILED));
    CU_ASSERT_FALSE(resumes(set, "beta", "1"));
}

static void test_set_without_run_is_not_resumed(void)
{
    g_autoptr(Set) set = set_new();

    set->store = hvb_store_open(set->dir, TRUE, NULL);
    CU_ASSERT_FATAL(set->store != NULL);
    CU_ASSERT_FALSE(resumes(set, "beta", "1"));
}

/* Refused with a message that has `part`, and the run left as it is. */
static void check_refusal(Set *set, guint64 seed, const char *part)
{
    g_autoptr(GPtrArray) cells = NULL;
    g_autoptr(GError) error = NULL;
    guint64 ret_seed = 0;

    CU_ASSERT(hvb_store_end_run(set->store, "interrupted", "^C", NULL));
    CU_ASSERT_FALSE(hvb_store_resume(set->store, set->profiles, seed, &ret_seed,
                                     &cells, &error));
    CU_ASSERT_FATAL(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, part));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, set->file));
    g_autofree char *why = set_sql(set, "SELECT status || why FROM runs");
    CU_ASSERT_STRING_EQUAL(why, "interrupted^C");
}

static void test_another_seed_is_refused(void)
{
    g_autoptr(Set) set = begin_and_measure();

    check_refusal(set, 7, "with the seed 18446744073709551615, not 7");
    g_autoptr(GPtrArray) cells = NULL;
    guint64 seed = 0;
    CU_ASSERT(hvb_store_resume(set->store, set->profiles, SET_SEED, &seed,
                               &cells, NULL));
}

static void test_another_revision_of_hvbench_is_refused(void)
{
    g_autoptr(Set) set = begin_and_measure();

    g_free(set_sql(set, "UPDATE runs SET hvbench = 'v0'"));
    check_refusal(set, 0, "made by hvbench v0, and this is ");
}

/* The bed of one guest that a run is made on. */
static gboolean add_bed(Set *set, guint index, const char *accel,
                        const char *kernel, GError **error)
{
    HvbGuest guest = {0};
    HvbBed bed = {
        .n_guests = 1,
        .guests = &guest,
        .stack = {.accel = (char *)accel, .accel_reason = (char *)kernel},
    };

    g_strlcpy(guest.hello.kernel, kernel, sizeof guest.hello.kernel);
    return hvb_provenance_add_bed(set->store, "DIR", index, &bed,
                                  set->profiles->pdata[0], error);
}

static void test_another_stack_is_refused_and_the_first_stays_recorded(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(GError) error = NULL;

    CU_ASSERT(add_bed(set, 0, "kvm", "6.1", NULL));
    CU_ASSERT(add_bed(set, 0, "kvm", "6.1", NULL));
    CU_ASSERT(add_bed(set, 1, "tcg", "6.1-rt", NULL)); /* another bed */
    CU_ASSERT_FALSE(add_bed(set, 0, "tcg", "6.2", &error));
    CU_ASSERT_FATAL(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS));
    CU_ASSERT_STRING_EQUAL(
        error->message,
        "the run in DIR was made with accel kvm, now it is tcg; guest_kernel "
        "6.1, now it is 6.2: name another directory");
    CU_ASSERT_EQUAL(set_sql_number(set, "SELECT count(*) FROM provenance"
                                        " WHERE key = 'stack.accel'"
                                        " AND value = 'kvm'"
                                        "  OR key = 'stack2.accel'"
                                        " AND value = 'tcg'"
                                        "  OR key = 'stack.accel_reason'"
                                        " AND value = '6.1'"),
                    3);
}

static void test_all_kernels_of_a_mixed_bed_are_recorded(void)
{
    g_autoptr(Set) set = set_begin();
    HvbGuest guests[4] = {0};
    HvbBed bed = {.n_guests = G_N_ELEMENTS(guests), .guests = guests};

    /* The fourth has no agent that could say anything. */
    g_strlcpy(guests[0].hello.kernel, "6.1", sizeof guests[0].hello.kernel);
    g_strlcpy(guests[1].hello.kernel, "6.1-rt", sizeof guests[1].hello.kernel);
    g_strlcpy(guests[2].hello.kernel, "6.1", sizeof guests[2].hello.kernel);
    CU_ASSERT(hvb_provenance_add_bed(set->store, "DIR", 0, &bed,
                                     set->profiles->pdata[0], NULL));
    g_autofree char *kernels = set_sql(
        set, "SELECT value FROM provenance WHERE key = 'stack.guest_kernel'");
    CU_ASSERT_STRING_EQUAL(kernels, "6.1 (guests 1, 3); 6.1-rt (guests 2)");
}

static void test_a_changed_disk_image_is_refused(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(GError) error = NULL;
    HvbProfile *profile = set->profiles->pdata[0];
    HvbGuest guest = {0};
    HvbBed bed = {.n_guests = 1, .guests = &guest};
    g_autofree char *image =
        g_build_filename(g_get_tmp_dir(), "hvbench-test-XXXXXX", NULL);
    int fd = g_mkstemp(image);

    CU_ASSERT_FATAL(fd >= 0);
    g_free(profile->guests[0].image);
    profile->guests[0].image = g_strdup(image);
    CU_ASSERT(
        hvb_provenance_add_bed(set->store, "DIR", 0, &bed, profile, NULL));
    CU_ASSERT(
        hvb_provenance_add_bed(set->store, "DIR", 0, &bed, profile, NULL));
    CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
    close(fd);
    CU_ASSERT_FALSE(
        hvb_provenance_add_bed(set->store, "DIR", 0, &bed, profile, &error));
    CU_ASSERT_FATAL(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "made with guest_images "));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, image));
    g_unlink(image);
}

static void test_another_host_is_refused(void)
{
    g_autoptr(Set) set = set_begin();
    g_autoptr(GError) error = NULL;

    CU_ASSERT(hvb_provenance_add_host(set->store, "DIR", TRUE, NULL));
    CU_ASSERT(hvb_provenance_add_host(set->store, "DIR", TRUE, NULL));
    CU_ASSERT(
        hvb_store_set_provenance(set->store, "host.cpu_model", "Z80", NULL));
    CU_ASSERT_FALSE(hvb_provenance_add_host(set->store, "DIR", TRUE, &error));
    CU_ASSERT_FATAL(
        g_error_matches(error, HVB_RESULTS_ERROR, HVB_RESULTS_ERROR_DIFFERS));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(error->message, "made with cpu_model Z80, now it is "));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_resume[] = {
    TEST(resume_finds_the_done_cells),
    TEST(done_cells_are_not_measured_again),
    TEST(resume_finds_the_cells_without_a_rerun_left),
    TEST(resumed_run_wants_its_guests_added_anew),
    TEST(resume_wants_the_same_profiles),
    TEST(resume_ignores_the_seed_in_profile_texts),
    TEST(done_run_is_not_resumed),
    TEST(run_without_a_done_cell_is_not_resumed),
    TEST(set_without_run_is_not_resumed),
    TEST(another_seed_is_refused),
    TEST(another_revision_of_hvbench_is_refused),
    TEST(another_stack_is_refused_and_the_first_stays_recorded),
    TEST(all_kernels_of_a_mixed_bed_are_recorded),
    TEST(a_changed_disk_image_is_refused),
    TEST(another_host_is_refused),
    TEST_END,
};
