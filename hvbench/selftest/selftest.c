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

/* Why what was measured between the two readings may be spoilt; NULL: it is
 * not. */
static char *describe_disturbance(const HvbProfile *profile,
                                  const HvbUsage *before, const HvbUsage *after)
{
    double foreign = hvb_usage_foreign_percent(before, after);
    double steal = hvb_usage_steal_percent(before, after);

    if (foreign > profile->foreign_percent)
        return g_strdup_printf("other processes used %.1f %% of a CPU (limit "
                               "%.1f %%)",
                               foreign, profile->foreign_percent);
    if (steal > profile->steal_percent)
        return g_strdup_printf("the host was denied %.1f %% of a CPU (limit "
                               "%.1f %%)",
                               steal, profile->steal_percent);
    return NULL;
}

/* Makes the check once. */
static gboolean attempt(HvbRig *rig, const Check *check, char **ret_disturbance,
                        GError **error)
{
    g_autofree HvbUsage *before = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *after = g_new0(HvbUsage, 1);

    g_ptr_array_set_size(rig->answers, 0);
    if (!hvb_usage_read(rig->bed, rig->cancellable, before, error) ||
        !check->make(rig, error) ||
        !hvb_usage_read(rig->bed, rig->cancellable, after, error))
        return FALSE;
    *ret_disturbance =
        describe_disturbance(rig->settings->profile, before, after);
    return TRUE;
}

static gboolean all_right(const GPtrArray *answers)
{
    for (guint i = 0; i < answers->len; i++)
        if (((const HvbAnswer *)answers->pdata[i])->verdict != HVB_ANSWER_RIGHT)
            return FALSE;
    return TRUE;
}

static void mark_disturbed(HvbAnswer *answer, const char *disturbance)
{
    g_autofree char *remark = answer->remark;

    answer->verdict = HVB_ANSWER_DISTURBED;
    answer->remark = remark ? g_strdup_printf("%s; %s", remark, disturbance)
                            : g_strdup(disturbance);
}

static void hand_over(HvbRig *rig, char letter, const char *disturbance)
{
    while (rig->answers->len > 0) {
        HvbAnswer *answer = g_ptr_array_steal_index(rig->answers, 0);
        answer->check = letter;
        if (disturbance && answer->verdict == HVB_ANSWER_WRONG)
            mark_disturbed(answer, disturbance);
        rig->settings->answer(answer, rig->settings->user_data);
    }
}

static void tell_why_again(const HvbRig *rig, const Check *check,
                           const char *disturbance)
{
    g_autofree char *text = g_strdup_printf("%c came out wrong while %s",
                                            check->info.letter, disturbance);

    if (rig->settings->note)
        rig->settings->note(text, rig->settings->user_data);
}

static gboolean make(HvbRig *rig, const Check *check, GError **error)
{
    g_autofree char *disturbance = NULL;

    for (guint i = 0; i <= rig->settings->profile->reruns; i++) {
        if (disturbance)
            tell_why_again(rig, check, disturbance);
        say(rig, "%c: %s%s", check->info.letter, check->info.summary,
            i > 0 ? ", again" : "");
        g_clear_pointer(&disturbance, g_free);
        if (!attempt(rig, check, &disturbance, error))
            return FALSE;
        if (!disturbance || all_right(rig->answers))
            break;
    }
    hand_over(rig, check->info.letter, disturbance);
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
