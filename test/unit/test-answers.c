/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The selftest's verdicts on a bed that answers wrongly, its repeats, and what
 * its table makes of them. */
#include "hvbench/cli/commands.h"
#include "hvbench/cli/selftest-table.h"
#include "hvbench/selftest/noise.h"
#include "hvbench/selftest/rig.h"
#include "hvbench/selftest/verdict.h"
#include "test/suites.h"
#include "test/unit/fake-bed.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    GPtrArray *answers;
    GString *phases;
    guint notes;
    /* Drifts in the middle of the first attempt at check f; may be NULL. */
    FakeAgent *fickle;
} Heard;

static void on_phase(const char *what, gpointer user_data)
{
    Heard *heard = user_data;

    g_string_append_printf(heard->phases, "%s\n", what);
    if (heard->fickle && g_str_has_prefix(what, "f: ")) {
        heard->fickle->calibrations = strstr(what, "again") ? 1 : 0;
    }
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

#define RERUNS 2

/* The fake guests take the same time for whatever they are asked, and know
 * nothing of caps: each answer of checks b and d is wrong, each of f right. */
static void check_repeatedly(FakeBed *fake, const char *letters, guint reruns,
                             Heard *heard)
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
    profile->foreign_percent = 1e9;
    profile->steal_percent = 1e9;
    profile->reruns = reruns;
    settings.profile = profile;
    CU_ASSERT_TRUE(hvb_selftest_run(&settings, NULL));
    hvb_bed_free(&fake->bed);
}

static void check_fake_bed(FakeBed *fake, const char *letters, Heard *heard)
{
    check_repeatedly(fake, letters, RERUNS, heard);
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

/* What would be the same each time is said to be so. */
static void test_guest_that_answers_wrongly_makes_the_exit_status_1(void)
{
    g_autofree char *text = NULL;
    Heard heard;

    heard_begin(&heard);
    check_fake_bed(fake_bed_new(2), "d", &heard);
    CU_ASSERT_EQUAL(heard.answers->len, 2);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_WRONG), 2);
    CU_ASSERT_EQUAL(conclude(heard.answers, &text), HVB_EXIT_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "2 of 2 answers are not right, 2 of "
                                        "them whatever the noise"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the first said "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the third said "));
    heard_end(&heard);
}

/* Which it takes some seconds to find out. */
static void test_caps_that_do_nothing_are_not_called_right(void)
{
    Heard heard;

    heard_begin(&heard);
    check_repeatedly(fake_bed_new(2), "b", 0, &heard);
    CU_ASSERT_EQUAL(heard.answers->len, 4);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_RIGHT), 0);
    heard_end(&heard);
}

static guint count_in(const char *text, const char *part)
{
    guint n = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* Only those: of check f all answers of a fake bed are right, of d none. */
static void test_wrong_answers_are_repeated_as_often_as_the_profile_says(void)
{
    Heard heard;

    heard_begin(&heard);
    check_fake_bed(fake_bed_new(2), "df", &heard);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_RIGHT), 2);
    CU_ASSERT_EQUAL(count(heard.answers, HVB_ANSWER_WRONG), 2);
    CU_ASSERT_EQUAL(count_in(heard.phases->str, "d: "), 1 + RERUNS);
    CU_ASSERT_EQUAL(count_in(heard.phases->str, "f: "), 1);
    CU_ASSERT_EQUAL(count_in(heard.phases->str, ", again"), RERUNS);
    heard_end(&heard);
}

/* Its guest drifts in the middle of the first attempt only. */
static void test_answer_that_comes_right_is_right_at_the_second_attempt(void)
{
    FakeBed *fake = fake_bed_new(2);
    Heard heard;

    heard_begin(&heard);
    fake->agents[0]->drift = 0.08;
    heard.fickle = fake->agents[0];
    check_fake_bed(fake, "f", &heard);
    CU_ASSERT_EQUAL_FATAL(heard.answers->len, 2);
    const HvbAnswer *repeated = heard.answers->pdata[0];
    CU_ASSERT_EQUAL(repeated->verdict, HVB_ANSWER_RIGHT);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(repeated->remark,
               "right at the second attempt\nthe first said "));
    CU_ASSERT_PTR_NOT_NULL(strstr(repeated->remark, ", error 8.0 %, while "));
    heard_end(&heard);
}

static void test_doubts_of_the_calibration_are_told(void)
{
    FakeBed *fake = fake_bed_new(2);
    Heard heard;

    heard_begin(&heard);
    fake->agents[1]->unsteady = TRUE;
    check_fake_bed(fake, "f", &heard);
    CU_ASSERT_EQUAL(heard.notes, 1);
    heard_end(&heard);
}

#define HOST HVB_NOISE_HOST
#define TRANSLATOR HVB_NOISE_TRANSLATOR

static void test_attempts_are_judged_by_amount_side_and_noise(void)
{
    static const struct {
        HvbAttempt attempts[3];
        guint n;
        HvbAnswerVerdict verdict;
        guint shown;
    } cases[] = {
        {{{TRUE, 0.3, HVB_NOISE_NONE}}, 1, HVB_ANSWER_RIGHT, 0},
        {{{TRUE, 0.3, HOST}}, 1, HVB_ANSWER_RIGHT, 0},
        {{{FALSE, 2, HOST}, {TRUE, 0.1, HOST}}, 2, HVB_ANSWER_RIGHT, 1},
        {{{FALSE, 2, HVB_NOISE_NONE}, {TRUE, 0.1, HVB_NOISE_NONE}},
         2,
         HVB_ANSWER_RIGHT,
         1},
        /* Not the same each time, and noise each time. */
        {{{FALSE, 2, HOST}, {FALSE, -2, HOST}, {FALSE, 2, HOST}},
         3,
         HVB_ANSWER_HOST_NOISE,
         2},
        {{{FALSE, 2, HOST}, {FALSE, 3.1, HOST}}, 2, HVB_ANSWER_HOST_NOISE, 1},
        {{{FALSE, 2, TRANSLATOR}, {FALSE, 5, TRANSLATOR}},
         2,
         HVB_ANSWER_TRANSLATOR_NOISE,
         1},
        {{{FALSE, 2, TRANSLATOR}, {FALSE, 5, HOST}},
         2,
         HVB_ANSWER_HOST_NOISE,
         1},
        /* One without noise. */
        {{{FALSE, 2, HOST}, {FALSE, 9, HVB_NOISE_NONE}, {FALSE, -4, HOST}},
         3,
         HVB_ANSWER_WRONG,
         2},
        /* The same each time, whatever the noise. */
        {{{FALSE, -2, HOST}, {FALSE, -2.9, TRANSLATOR}, {FALSE, -2.2, HOST}},
         3,
         HVB_ANSWER_WRONG,
         2},
        /* A spread has no side, and is larger by any noise. */
        {{{FALSE, HVB_OFF_NO_SIDE, HOST},
          {FALSE, HVB_OFF_NO_SIDE, TRANSLATOR},
          {FALSE, HVB_OFF_NO_SIDE, HOST}},
         3,
         HVB_ANSWER_HOST_NOISE,
         2},
        {{{FALSE, HVB_OFF_NO_SIDE, HOST},
          {FALSE, HVB_OFF_NO_SIDE, HVB_NOISE_NONE}},
         2,
         HVB_ANSWER_WRONG,
         1},
        /* Samples that miss each time, or not. */
        {{{FALSE, HVB_OFF_MISSING, HOST}, {FALSE, HVB_OFF_MISSING, HOST}},
         2,
         HVB_ANSWER_WRONG,
         1},
        {{{FALSE, HVB_OFF_MISSING, HOST}, {FALSE, 2, HOST}},
         2,
         HVB_ANSWER_HOST_NOISE,
         1},
        {{{FALSE, HVB_OFF_MISSING, HOST}, {FALSE, HVB_OFF_NO_SIDE, HOST}},
         2,
         HVB_ANSWER_HOST_NOISE,
         1},
        /* Once is not each time. */
        {{{FALSE, 2, HOST}}, 1, HVB_ANSWER_HOST_NOISE, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        CU_ASSERT_EQUAL(hvb_attempts_judge(cases[i].attempts, cases[i].n),
                        cases[i].verdict);
        CU_ASSERT_EQUAL(hvb_attempts_shown(cases[i].attempts, cases[i].n),
                        cases[i].shown);
    }
}

/* Each beyond its limit, the others well within. */
static void test_noise_is_the_hosts_unless_only_the_guests_speed_shows_it(void)
{
    static const HvbNoise none = {1, 1, 1, 1, 1};
    static const struct {
        HvbNoise noise;
        gboolean translated;
        HvbNoiseKind kind;
        const char *text;
    } cases[] = {
        {none, TRUE, HVB_NOISE_NONE, NULL},
        {{13, 1, 1, 1, 1}, TRUE, HOST, "other processes used 13.0 %"},
        {{1, 4, 1, 1, 1}, TRUE, HOST, "the host was denied 4.0 %"},
        {{1, 1, 20, 1, 1}, TRUE, HOST, "waited 20.0 %"},
        {{1, 1, 1, 9, 1}, TRUE, HOST, "the host's own speed varied by 9.0 %"},
        {{1, 1, 1, 9, 30}, TRUE, HOST, "the host's own speed varied by 9.0 %"},
        {{1, 1, 1, 1, 30}, TRUE, TRANSLATOR, "speed varied by 30.0 %"},
        {{1, 1, 1, 1, 30}, FALSE, HVB_NOISE_NONE, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HvbNoiseLimits limits = {12, 3, cases[i].translated};
        g_autofree char *text = NULL;
        CU_ASSERT_EQUAL(hvb_noise_judge(&cases[i].noise, &limits, &text),
                        cases[i].kind);
        CU_ASSERT_EQUAL(text == NULL, cases[i].text == NULL);
        if (text && cases[i].text)
            CU_ASSERT_PTR_NOT_NULL(strstr(text, cases[i].text));
    }
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
        "1 of 2 answers are not right, 1 of them whatever the noise: do not "
        "trust what hvbench\nmeasures here before you know why.\n");
}

static void test_only_right_answers_make_the_exit_status_0(void)
{
    g_autoptr(GPtrArray) answers =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_answer_free);
    g_autofree char *nothing = NULL, *right = NULL, *noisy = NULL;
    g_autofree char *wrong = NULL;

    CU_ASSERT_EQUAL(conclude(answers, &nothing), HVB_EXIT_FAILED);
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_RIGHT));
    CU_ASSERT_EQUAL(conclude(answers, &right), HVB_EXIT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(right, "All 1 answers are right"));
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_HOST_NOISE));
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_TRANSLATOR_NOISE));
    CU_ASSERT_EQUAL(conclude(answers, &noisy), HVB_EXIT_HOST);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(noisy, "for noise of the host and its translator"));
    g_ptr_array_add(answers, answer_of(HVB_ANSWER_WRONG));
    CU_ASSERT_EQUAL(conclude(answers, &wrong), HVB_EXIT_FAILED);
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
    TEST(caps_that_do_nothing_are_not_called_right),
    TEST(wrong_answers_are_repeated_as_often_as_the_profile_says),
    TEST(answer_that_comes_right_is_right_at_the_second_attempt),
    TEST(doubts_of_the_calibration_are_told),
    TEST(attempts_are_judged_by_amount_side_and_noise),
    TEST(noise_is_the_hosts_unless_only_the_guests_speed_shows_it),
    TEST(table_has_a_row_for_each_answer_below_its_check),
    TEST(only_right_answers_make_the_exit_status_0),
    TEST(median_of_an_even_number_is_between_the_middle_two),
    TEST_END,
};
