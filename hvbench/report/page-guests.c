/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guests as booted: what they are, and how well their clocks are known. */
#include "hvbench/report/page-parts.h"
#include "hvbench/report/text.h"
#include "hvbench/run/clock.h"

#include <math.h>
#include <string.h>

static char *reference_text(gint64 reference_ns)
{
    g_autofree char *ms = hvb_text_ms((double)reference_ns / 1e6);

    return reference_ns > 0 ? g_strdup_printf("%s ms", ms)
                            : g_strdup(HVB_TEXT_NOTHING);
}

static JsonArray *references_of(const HvbReferences *references)
{
    JsonArray *array = json_array_new();

    for (guint o = 0; o < WIRE_N_OPERATIONS; o++) {
        JsonObject *object = json_object_new();
        gint64 client_ns = references->ns[WIRE_CLIENT][o];

        hvb_page_set(object, "server",
                     reference_text(references->ns[WIRE_SERVER][o]));
        if (client_ns > 0)
            hvb_page_set(object, "client", reference_text(client_ns));
        json_array_add_object_element(array, object);
    }
    return array;
}

/* "3.1 ± 0.4" */
static char *drift_text(const HvbClockFit *fit)
{
    g_autofree char *drift = hvb_text_tenths(fit->drift_ppm);
    g_autofree char *error = fit->error_ppm < 0.05
                                 ? g_strdup("< 0.1")
                                 : hvb_text_tenths(fit->error_ppm);

    return isnan(fit->drift_ppm) ? g_strdup(HVB_TEXT_NOTHING)
                                 : g_strdup_printf("%s ± %s", drift, error);
}

static void set_clock(JsonObject *row, const HvbRunRecord *run, guint boot)
{
    HvbClockFit fit = hvb_run_record_clock(run, boot);
    g_autofree char *us = hvb_text_ms((double)fit.largest_error_ns / 1e3);

    hvb_page_set(row, "clock_drift", drift_text(&fit));
    hvb_page_set(row, "clock_error",
                 fit.readings > 0 ? g_strdup_printf("%s µs", us)
                                  : g_strdup(HVB_TEXT_NOTHING));
}

static void set_hello(JsonObject *row, const HvbRunRecord *run,
                      const WireHello *hello)
{
    hvb_page_set(row, "kernel", g_strdup(hello->kernel));
    hvb_page_set(row, "cpu", g_strdup(hello->cpu));
    hvb_page_set(row, "clocksource", g_strdup(hello->clocksource));
    hvb_page_set(row, "memory",
                 g_strdup_printf("%" G_GUINT64_FORMAT " MiB",
                                 hello->memory_kib / 1024));
    if (strcmp(hello->agent, run->hvbench) != 0)
        hvb_page_set(row, "agent", g_strdup(hello->agent));
}

/* Guests that stay idle are not calibrated. */
static void set_calibration(JsonObject *row, const WireCalibration *calibration)
{
    gboolean calibrated = calibration->iterations_per_ms > 0;

    hvb_page_set(row, "iterations",
                 calibrated ? g_strdup_printf("%" G_GUINT64_FORMAT,
                                              calibration->iterations_per_ms)
                            : g_strdup(HVB_TEXT_NOTHING));
    hvb_page_set(row, "spread",
                 hvb_text_percent(
                     calibrated ? calibration->spread_permille / 10.0 : NAN));
    json_object_set_boolean_member(row, "unsteady",
                                   calibrated && !calibration->converged);
}

JsonArray *hvb_page_guests(const HvbRunRecord *run)
{
    JsonArray *rows = json_array_new();

    for (guint i = 0; i < run->guests->len; i++) {
        const HvbGuestRecord *guest =
            &g_array_index(run->guests, HvbGuestRecord, i);
        JsonObject *row = json_object_new();

        json_object_set_int_member(row, "guest", guest->guest);
        hvb_page_set(row, "name", g_strdup(guest->name));
        set_hello(row, run, &guest->hello);
        set_clock(row, run, i + 1);
        set_calibration(row, &guest->calibration);
        json_object_set_array_member(row, "references",
                                     references_of(&guest->references));
        json_array_add_object_element(rows, row);
    }
    return rows;
}
