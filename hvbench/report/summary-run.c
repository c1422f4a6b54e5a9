/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What summary.json tells of the run as a whole: origin, guests, time. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/summary-parts.h"

#include <math.h>
#include <string.h>

#define STACK_PREFIX "stack."

void hvb_summary_number(JsonObject *object, const char *name, double number)
{
    if (isfinite(number))
        json_object_set_double_member(object, name,
                                      round(number * 1000) / 1000);
    else
        json_object_set_null_member(object, name);
}

void hvb_summary_name(JsonObject *object, const char *member, const char *name)
{
    if (name)
        json_object_set_string_member(object, member, name);
    else
        json_object_set_null_member(object, member);
}

static JsonObject *guest_of(const HvbRunRecord *run, guint boot)
{
    const HvbGuestRecord *guest =
        &g_array_index(run->guests, HvbGuestRecord, boot - 1);
    const HvbClockFit clock = hvb_run_record_clock(run, boot);
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "guest", guest->guest);
    json_object_set_string_member(object, "name", guest->name);
    json_object_set_string_member(object, "agent", guest->hello.agent);
    json_object_set_string_member(object, "kernel", guest->hello.kernel);
    json_object_set_string_member(object, "cpu", guest->hello.cpu);
    json_object_set_string_member(object, "clocksource",
                                  guest->hello.clocksource);
    hvb_summary_number(object, "clock_drift_ppm", clock.drift_ppm);
    hvb_summary_number(object, "clock_drift_error_ppm", clock.error_ppm);
    hvb_summary_number(object, "clock_error_us",
                       (double)clock.largest_error_ns / 1e3);
    json_object_set_int_member(object, "clock_readings", clock.readings);
    json_object_set_int_member(object, "iterations_per_ms",
                               (gint64)guest->calibration.iterations_per_ms);
    json_object_set_boolean_member(object, "calibration_converged",
                                   guest->calibration.converged != 0);
    return object;
}

JsonArray *hvb_summary_guests(const HvbRunRecord *run)
{
    JsonArray *guests = json_array_new();

    for (guint boot = 1; boot <= run->guests->len; boot++)
        json_array_add_object_element(guests, guest_of(run, boot));
    return guests;
}

static void set_spent(JsonObject *object, const char *name, gboolean is_known,
                      const HvbSpent *spent)
{
    JsonObject *member;

    if (!is_known) {
        json_object_set_null_member(object, name);
        return;
    }
    member = json_object_new();
    json_object_set_int_member(member, "n", spent->n);
    hvb_summary_number(member, "seconds", spent->seconds);
    json_object_set_object_member(object, name, member);
}

JsonObject *hvb_summary_budget(const HvbFindings *findings)
{
    const char *seconds =
        hvb_findings_provenance(findings, HVB_BUDGET_SECONDS_KEY);
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();

    hvb_summary_number(object, "seconds",
                       seconds ? g_ascii_strtod(seconds, NULL) : NAN);
    hvb_summary_name(object, "left_out",
                     hvb_findings_provenance(findings,
                                             HVB_BUDGET_LEFT_OUT_KEY));
    for (guint i = 0; i < findings->times->len; i++) {
        const HvbTimeFinding *time =
            &g_array_index(findings->times, HvbTimeFinding, i);
        JsonObject *row = json_object_new();

        json_object_set_string_member(row, "name", time->name);
        set_spent(row, "planned", time->has_plan, &time->plan);
        set_spent(row, "used", time->has_use, &time->use);
        json_array_add_object_element(array, row);
    }
    json_object_set_array_member(object, "spent", array);
    return object;
}

/* How it came to be. A seed may need all of its 64 bits, which JSON's numbers
 * do not have. */
static void set_invocation(JsonObject *object, const HvbRunRecord *run)
{
    hvb_page_set(object, "command_line", g_strdup(run->command_line));
    hvb_page_set(object, "seed",
                 g_strdup_printf("%" G_GUINT64_FORMAT, run->seed));
    hvb_page_set(object, "started", hvb_page_time(run->started_us));
    hvb_page_set(object, "ended", hvb_page_time(run->ended_us));
}

void hvb_summary_set_provenance(JsonObject *object, const HvbRunRecord *run)
{
    JsonObject *stack = json_object_new();
    JsonObject *rest = json_object_new();

    set_invocation(object, run);
    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        if (g_str_has_prefix(entry->key, STACK_PREFIX))
            json_object_set_string_member(stack,
                                          entry->key + strlen(STACK_PREFIX),
                                          entry->value);
        else if (!g_str_has_prefix(entry->key, HVB_BUDGET_PLAN_PREFIX) &&
                 !g_str_has_prefix(entry->key, HVB_BUDGET_USED_PREFIX))
            json_object_set_string_member(rest, entry->key, entry->value);
    }
    json_object_set_object_member(object, "stack", stack);
    json_object_set_object_member(object, "provenance", rest);
}
