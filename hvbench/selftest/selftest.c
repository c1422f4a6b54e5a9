/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/selftest.h"

#include "hvbench/selftest/noise.h"
#include "hvbench/selftest/rig.h"
#include "hvbench/selftest/verdict.h"

#include <string.h>

typedef struct {
    HvbCheckInfo info;
    gboolean (*make)(HvbRig *rig, GError **error);
} Check;

static const Check checks[] = {
    {{'a', "stalls of a whole guest"}, hvb_check_stalls},
    {{'b', "caps on a guest that never pauses"}, hvb_check_caps},
    {{'c', "shares of two guests on one CPU"}, hvb_check_shares},
    {{'d', "operations stretched by a known amount"}, hvb_check_stretch},
    {{'e', "loads of a known size"}, hvb_check_load},
    {{'f', "calibration, and a planted drift"}, hvb_check_calibration},
};

const HvbCheckInfo *hvb_selftest_check(guint i)
{
    return i < G_N_ELEMENTS(checks) ? &checks[i].info : NULL;
}

const char *hvb_answer_verdict_name(HvbAnswerVerdict verdict)
{
    static const char *const names[] = {
        [HVB_ANSWER_RIGHT] = "right",
        [HVB_ANSWER_WRONG] = "WRONG",
        [HVB_ANSWER_HOST_NOISE] = "HOST NOISE",
        [HVB_ANSWER_TRANSLATOR_NOISE] = "TRANSLATOR NOISE",
    };

    return names[verdict];
}

void hvb_answer_free(HvbAnswer *answer)
{
    if (!answer)
        return;
    g_free(answer->what);
    g_free(answer->expected);
    g_free(answer->measured);
    g_free(answer->error);
    g_free(answer->limit);
    g_free(answer->remark);
    g_free(answer);
}

static void say(const HvbRig *rig, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(const HvbRig *rig, const char *format, ...)
{
    va_list arguments;

    if (!rig->settings->phase)
        return;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    rig->settings->phase(text, rig->settings->user_data);
}

/* A doubt is no reason to go no further: it is what the checks are for. */
static gboolean calibrate(HvbRig *rig, GError **error)
{
    say(rig, "waiting for the host to become quiet");
    if (!hvb_calibration_wait_quiet(rig->bed, rig->cancellable, NULL, error))
        return FALSE;
    for (guint i = 0; i < HVB_SELFTEST_GUESTS; i++) {
        g_autofree char *doubt = NULL;
        say(rig, "calibrating %s, the others idle", rig->bed->guests[i].name);
        if (!hvb_rig_tune(rig, i, 0, 100000, 100, error) ||
            !hvb_calibration_make(rig->bed, (int)i,
                                  i == 0 ? HVB_VANTAGE_BIT(WIRE_SERVER) : 0,
                                  rig->settings->profile->foreign_percent,
                                  rig->cancellable, &rig->abilities[i], &doubt,
                                  error))
            return FALSE;
        if (doubt && rig->settings->note)
            rig->settings->note(doubt, rig->settings->user_data);
    }
    return TRUE;
}

/* A check made once. */
typedef struct {
    GPtrArray *answers; /* HvbAnswer * */
    HvbNoiseKind noise;
    char *noise_text; /* NULL: none */
} Try;

static void try_free(gpointer data)
{
    Try *try = data;

    g_clear_pointer(&try->answers, g_ptr_array_unref);
    g_free(try->noise_text);
    g_free(try);
}

static GPtrArray *new_answers(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)hvb_answer_free);
}

static Try *try_once(HvbRig *rig, const Check *check, gboolean again,
                     GError **error)
{
    const HvbProfile *profile = rig->settings->profile;
    const HvbNoiseLimits limits = {.foreign_percent = profile->foreign_percent,
                                   .steal_percent = profile->steal_percent,
                                   .translated =
                                       g_strcmp0(rig->bed->stack.accel,
                                                 "tcg") == 0};
    HvbNoise noise;
    g_autoptr(HvbNoiseWatch) watch =
        hvb_noise_watch_begin(rig->bed, rig->cancellable, error);

    if (!watch)
        return NULL;
    say(rig, "%c: %s%s", check->info.letter, check->info.summary,
        again ? ", again" : "");
    g_ptr_array_set_size(rig->answers, 0);
    if (!check->make(rig, error) || !hvb_noise_watch_end(watch, &noise, error))
        return NULL;
    Try *try = g_new0(Try, 1);
    try->answers = g_steal_pointer(&rig->answers);
    rig->answers = new_answers();
    try->noise = hvb_noise_judge(&noise, &limits, &try->noise_text);
    return try;
}

static const HvbAnswer *answer_at(const GPtrArray *tries, guint attempt,
                                  guint place)
{
    return ((const Try *)tries->pdata[attempt])->answers->pdata[place];
}

/* What the tries say of one answer; of each there is the same row. */
static void collect(const GPtrArray *tries, guint place, HvbAttempt *ret)
{
    for (guint i = 0; i < tries->len; i++) {
        const HvbAnswer *answer = answer_at(tries, i, place);
        ret[i] = (HvbAttempt){.right = answer->verdict == HVB_ANSWER_RIGHT,
                              .off = answer->off,
                              .noise = ((const Try *)tries->pdata[i])->noise};
    }
}

static guint count_rows(const GPtrArray *tries)
{
    return ((const Try *)tries->pdata[0])->answers->len;
}

/* Whether each answer was right once. */
static gboolean all_right(const GPtrArray *tries)
{
    g_autofree HvbAttempt *attempts = g_new0(HvbAttempt, tries->len);

    for (guint place = 0; place < count_rows(tries); place++) {
        collect(tries, place, attempts);
        if (hvb_attempts_judge(attempts, tries->len) != HVB_ANSWER_RIGHT)
            return FALSE;
    }
    return TRUE;
}

static void add_line(GString *text, const char *line)
{
    if (line)
        g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", line);
}

static const char *ordinal(guint i)
{
    static const char *const names[] = {"first", "second", "third", "fourth"};

    return i < G_N_ELEMENTS(names) ? names[i] : "next";
}

/* What the attempts before the shown one said, and what was in their way. */
static void tell_attempts(const GPtrArray *tries, guint place, guint shown,
                          GString *text)
{
    if (shown > 0 &&
        answer_at(tries, shown, place)->verdict == HVB_ANSWER_RIGHT)
        g_string_append_printf(text, "%sright at the %s attempt",
                               text->len > 0 ? "\n" : "", ordinal(shown));
    for (guint i = 0; i <= shown; i++) {
        const HvbAnswer *answer = answer_at(tries, i, place);
        const char *noise = ((const Try *)tries->pdata[i])->noise_text;
        if (answer->verdict == HVB_ANSWER_RIGHT)
            continue;
        g_autofree char *line =
            g_strdup_printf("the %s said %s, error %s, while %s", ordinal(i),
                            answer->measured, answer->error,
                            noise ? noise : "nothing was in the way");
        add_line(text, line);
    }
}

static void hand_over_row(HvbRig *rig, char letter, GPtrArray *tries,
                          guint place)
{
    g_autofree HvbAttempt *attempts = g_new0(HvbAttempt, tries->len);
    g_autoptr(GString) remark = g_string_new(NULL);

    collect(tries, place, attempts);
    guint shown = hvb_attempts_shown(attempts, tries->len);
    GPtrArray *answers = ((Try *)tries->pdata[shown])->answers;
    HvbAnswer *answer = answers->pdata[place];
    add_line(remark, answer->remark);
    tell_attempts(tries, place, shown, remark);
    answer->verdict = hvb_attempts_judge(attempts, tries->len);
    answer->check = letter;
    g_free(answer->remark);
    answer->remark = remark->len > 0 ? g_strdup(remark->str) : NULL;
    answers->pdata[place] = NULL;
    rig->settings->answer(answer, rig->settings->user_data);
}

static gboolean make(HvbRig *rig, const Check *check, GError **error)
{
    g_autoptr(GPtrArray) tries = g_ptr_array_new_with_free_func(try_free);

    for (guint i = 0; i <= rig->settings->profile->reruns; i++) {
        Try *try = try_once(rig, check, i > 0, error);
        if (!try)
            return FALSE;
        g_ptr_array_add(tries, try);
        if (all_right(tries))
            break;
    }
    for (guint place = 0; place < count_rows(tries); place++)
        hand_over_row(rig, check->info.letter, tries, place);
    return TRUE;
}

static gboolean make_all(HvbRig *rig, GError **error)
{
    const char *letters = rig->settings->letters;

    if (!calibrate(rig, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
        if ((!letters || strchr(letters, checks[i].info.letter)) &&
            !make(rig, &checks[i], error))
            return FALSE;
    return TRUE;
}

gboolean hvb_selftest_run(const HvbSelftestSettings *settings, GError **error)
{
    HvbRig rig = {.settings = settings,
                  .bed = settings->bed,
                  .cancellable = settings->cancellable,
                  .rng = gsl_rng_alloc(gsl_rng_mt19937),
                  .answers = new_answers()};

    g_return_val_if_fail(settings->bed->n_guests >= HVB_SELFTEST_GUESTS, FALSE);
    gsl_rng_set(rig.rng, settings->seed);
    gboolean ok = make_all(&rig, error);
    g_ptr_array_unref(rig.answers);
    gsl_rng_free(rig.rng);
    return ok;
}
