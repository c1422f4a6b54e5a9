/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/selftest/selftest.h"

#include "hvbench/selftest/rig.h"

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
        [HVB_ANSWER_DISTURBED] = "DISTURBED",
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
    g_autoptr(GError) cancelled = NULL;

    say(rig, "waiting for the host to become quiet");
    if (!hvb_calibration_wait_quiet(rig->cancellable, &cancelled) &&
        cancelled) {
        g_propagate_error(error, g_steal_pointer(&cancelled));
        return FALSE;
    }
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
        if (doubt)
            say(rig, "%s", doubt);
    }
    return TRUE;
}

/* Makes the check once. `ret_foreign` is the CPU that others used meanwhile, %
 * of one. */
static gboolean attempt(HvbRig *rig, const Check *check, double *ret_foreign,
                        GError **error)
{
    g_autofree HvbUsage *before = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *after = g_new0(HvbUsage, 1);

    g_ptr_array_set_size(rig->answers, 0);
    if (!hvb_usage_read(rig->bed, rig->cancellable, before, error) ||
        !check->make(rig, error) ||
        !hvb_usage_read(rig->bed, rig->cancellable, after, error))
        return FALSE;
    *ret_foreign = hvb_usage_foreign_percent(before, after);
    return TRUE;
}

static void hand_over(HvbRig *rig, char letter, const char *disturbed)
{
    g_ptr_array_set_free_func(rig->answers, NULL);
    for (guint i = 0; i < rig->answers->len; i++) {
        HvbAnswer *answer = rig->answers->pdata[i];
        answer->check = letter;
        if (disturbed) {
            answer->verdict = HVB_ANSWER_DISTURBED;
            g_free(answer->remark);
            answer->remark = g_strdup(disturbed);
        }
        rig->settings->answer(answer, rig->settings->user_data);
    }
    g_ptr_array_set_size(rig->answers, 0);
    g_ptr_array_set_free_func(rig->answers, (GDestroyNotify)hvb_answer_free);
}

static gboolean make(HvbRig *rig, const Check *check, GError **error)
{
    const HvbProfile *profile = rig->settings->profile;
    g_autofree char *disturbed = NULL;

    for (guint i = 0; i <= profile->reruns; i++) {
        double foreign;
        say(rig, "%c: %s%s", check->info.letter, check->info.summary,
            i > 0 ? ", again" : "");
        if (!attempt(rig, check, &foreign, error))
            return FALSE;
        g_clear_pointer(&disturbed, g_free);
        if (foreign <= profile->foreign_percent)
            break;
        disturbed = g_strdup_printf("other processes used %.1f %% of a CPU "
                                    "(limit %.1f %%)",
                                    foreign, profile->foreign_percent);
    }
    hand_over(rig, check->info.letter, disturbed);
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
                  .answers = g_ptr_array_new_with_free_func(
                      (GDestroyNotify)hvb_answer_free)};

    g_return_val_if_fail(settings->bed->n_guests >= HVB_SELFTEST_GUESTS, FALSE);
    gsl_rng_set(rig.rng, settings->seed);
    gboolean ok = make_all(&rig, error);
    g_ptr_array_unref(rig.answers);
    gsl_rng_free(rig.rng);
    return ok;
}
