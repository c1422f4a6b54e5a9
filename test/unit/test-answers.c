/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The selftest's verdicts on a bed that answers wrongly, its repeats, and what
 * its table makes of them. */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/selftest-table.h"
#include "hvbench/selftest/rig.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    GPtrArray *answers;
    GString *phases;
    guint notes;
    FakeAgent *fickle; /* drifts in the middle of check f; may be NULL */
} Heard;

static void on_phase(const char *what, gpointer user_data)
{
    Heard *heard = user_data;

    g_string_append_printf(heard->phases, "%s\n", what);
    if (heard->fickle && g_str_has_prefix(what, "f: "))
        heard->fickle->calibrations = 0;
}

static void on_note(const char *text, gpointer user_data)
{
    CU_ASSERT_TRUE(*text != '\0');
    ((Heard *)user_data)->notes++;
}

static void on_answer(HvbAnswer *answer, gpointer user_data)
{
    g_ptr_array_add(((Heard *)user_data)->answers, answer);
}

static void heard_begin(Heard *heard)
{
    *heard = (Heard){.answers = g_ptr_array_new_with_free_func(
                         (GDestroyNotify)hvb_answer_free),
                     .phases = g_string_new(NULL)};
}

static void heard_end(Heard *heard)
{
    g_ptr_array_unref(heard->answers);
    g_string_free(heard->phases, TRUE);
}

/* The fake guests take the same time for whatever they are asked, and know
 * nothing of caps: each answer of checks d and f but one is wrong. */
static void check_fake_bed(FakeBed *fake, const char *letters,
                           double foreign_percent, Heard *heard)
{
    g_autoptr(HvbProfile) profile = hvb_profile_load("selftest", NULL);
    HvbSelftestSettings settings = {.bed = &fake->bed,
                                    .seed = 1,
                                    .letters = letters,
                                    .phase = on_phase,
                                    .note = on_note,
                                    .answer = on_answer,
                                    .user_data = heard};

    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    profile->foreign_percent = foreign_percent;
    profile->steal_percent = 1e9;
    settings.profile = profile;
    CU_ASSERT_TRUE(hvb_selftest_run(&settings, NULL));
    hvb_bed_free(&fake->bed);
}

static int conclude(const GPtrArray *answers, char **ret_text)
{
    size_t length;
    FILE *stream = open_memstream(ret_text, &length);

    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    hvb_selftest_table_print(stream, answers);
    int status = hvb_selftest_table_conclude(stream, answers);
    fclose(stream);
    return status;
}

static guint count(const GPtrArray *answers, HvbAnswerVerdict verdict)
{
    guint n = 0;

    for (guint i = 0; i < answers->len; i++)
        n += ((const HvbAnswer *)answers->pdata[i])->verdict == verdict;
    return n;
}

static void test_guest_that_answers_wrongly_makes_the_exit_status_1(void)
{
    g_autofree char *text = NULL;
    Heard heard;

    heard_begin(&heard);
    check_fake_bed(fake_bed_new(2), "df", 1e9, &heard);
    CU_ASSERT_EQUAL(heard.answers->len, 4);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_WRONG), 3);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_RIGHT), 1);
    CU_ASSERT_EQUAL(conclude(heard.answers, &text), HVB_EXIT_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "not caught by the gate"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "3 of 4 answers are not right"));
    /* Wrong without a disturbance is wrong at once. */
    CU_ASSERT_PTR_NULL(strstr(heard.phases->str, "again"));
    heard_end(&heard);
}

static void test_calibrations_that_differ_are_wrong(void)
{
    FakeBed *fake = fake_bed_new(2);
    Heard heard;

    heard_begin(&heard);
    fake->agents[0]->drift = 0.08;
    heard.fickle = fake->agents[0];
    check_fake_bed(fake, "f", 1e9, &heard);
    CU_ASSERT_EQUAL(heard.answers->len, 2);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_WRONG), 2);
    heard_end(&heard);
}

/* Only what came out wrong is repeated, and as often as the profile says. */
static void
test_wrong_answers_of_a_disturbed_check_are_repeated_and_marked(void)
{
    g_autofree char *text = NULL;
    Heard heard;

    heard_begin(&heard);
    check_fake_bed(fake_bed_new(2), "f", -1e9, &heard);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_DISTURBED), 1);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_RIGHT), 1);
    char *again = strstr(heard.phases->str, "again");
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    again = strstr(again + 1, "again");
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_PTR_NULL(strstr(again + 1, "again"));
    /* The doubts of two calibrations, and why there was an "again". */
    CU_ASSERT_EQUAL(heard.notes, 2 + 2);
    CU_ASSERT_EQUAL(conclude(heard.answers, &text), HVB_EXIT_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "DISTURBED"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "other processes used"));
    heard_end(&heard);
}

static void test_doubts_of_the_calibration_are_told(void)
{
    FakeBed *fake = fake_bed_new(2);
    Heard heard;

    heard_begin(&heard);
    fake->agents[1]->unsteady = TRUE;
    check_fake_bed(fake, "f", 1e9, &heard);
    CU_ASSERT_EQUAL(heard.notes, 1);
    heard_end(&heard);
}

static HvbAnswer *answer_of(HvbAnswerVerdict verdict)
{
    HvbAnswer *answer = g_new0(HvbAnswer, 1);

    answer->check = 'c';
    answer->what = g_strdup("weights 1:1");
    answer->expected = g_strdup("50.0:50.0 %");
    answer->measured = g_strdup("50.4:49.6 %");
    answer->error = g_strdup("0.4 points");
    answer->limit = g_strdup("2 points");
    answer->verdict = verdict;
    return answer;
}

static void test_table_has_a_row_for_each_answer_below_its_check(void)
{
    g_autoptr(GPtrArray) answers =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_answer_free);
    g_autofree char *text = NULL;

    g_ptr_array_add(answers, answer_of(HVB_ANSWER_RIGHT));
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_WRONG));
    HvbAnswer *last = answers->pdata[1];
    last->remark = g_strdup("so it is");
    CU_ASSERT_EQUAL(conclude(answers, &text), HVB_EXIT_FAILED);
    CU_ASSERT_STRING_EQUAL(
        text,
        "               expected     measured     error       limit     "
        "verdict\n"
        "c shares of two guests on one CPU\n"
        "  weights 1:1  50.0:50.0 %  50.4:49.6 %  0.4 points  2 points  right\n"
        "  weights 1:1  50.0:50.0 %  50.4:49.6 %  0.4 points  2 points  WRONG\n"
        "      so it is\n"
        "1 of 2 answers are not right: do not trust what hvbench measures "
        "here\nbefore you know why.\n");
}

static void test_only_right_answers_make_the_exit_status_0(void)
{
    g_autoptr(GPtrArray) answers =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_answer_free);
    g_autofree char *nothing = NULL, *right = NULL, *disturbed = NULL;

    CU_ASSERT_EQUAL(conclude(answers, &nothing), HVB_EXIT_FAILED);
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_RIGHT));
    CU_ASSERT_EQUAL(conclude(answers, &right), HVB_EXIT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(right, "All 1 answers are right"));
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_DISTURBED));
    CU_ASSERT_EQUAL(conclude(answers, &disturbed), HVB_EXIT_FAILED);
}

static void test_median_of_an_even_number_is_between_the_middle_two(void)
{
    const gint64 values[] = {40, -10, 30, 20, 70};
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(gint64));

    CU_ASSERT_EQUAL(hvb_median_ns(array), 0);
    g_array_append_vals(array, values, 4);
    CU_ASSERT_EQUAL(hvb_median_ns(array), 25);
    g_array_append_val(array, values[4]);
    CU_ASSERT_EQUAL(hvb_median_ns(array), 30);
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_answers[] = {
    TEST(guest_that_answers_wrongly_makes_the_exit_status_1),
    TEST(calibrations_that_differ_are_wrong),
    TEST(wrong_answers_of_a_disturbed_check_are_repeated_and_marked),
    TEST(doubts_of_the_calibration_are_told),
    TEST(table_has_a_row_for_each_answer_below_its_check),
    TEST(only_right_answers_make_the_exit_status_0),
    TEST(median_of_an_even_number_is_between_the_middle_two),
    TEST_END,
};
