/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/rows.h"
#include "hvbench/results/store.h"

#include <math.h>
#include <string.h>

/* The type follows from the member's, so that they cannot disagree. */
#define FIELD_TYPE(record, member) \
    _Generic(&((record *)0)->member,                                          \
        gint64 *: HVB_FIELD_INT64,                                            \
        guint64 *: HVB_FIELD_UINT64,                                          \
        int *: HVB_FIELD_INT,                                                 \
        guint32 *: HVB_FIELD_UINT32,                                          \
        guint16 *: HVB_FIELD_UINT16,                                          \
        guint8 *: HVB_FIELD_UINT8,                                            \
        double *: HVB_FIELD_DOUBLE,                                           \
        char **: HVB_FIELD_TEXT,                                              \
        char(*)[WIRE_MAX_STRING + 1]: HVB_FIELD_STRING,                       \
        char(*)[HVB_CPUS_MAX]: HVB_FIELD_STRING,                              \
        char(*)[HVB_ABOVE_MAX]: HVB_FIELD_STRING)
#define FIELD_AT(record, member) \
    offsetof(record, member), sizeof(((record *)0)->member)
#define FIELD(record, column, member)                                \
    {                                                                \
        column, FIELD_TYPE(record, member), FIELD_AT(record, member) \
    }
#define DECIMAL(record, column, member)                     \
    {                                                       \
        column, HVB_FIELD_DECIMAL, FIELD_AT(record, member) \
    }
#define ROW(fields)                  \
    {                                \
        fields, G_N_ELEMENTS(fields) \
    }

static const HvbField run_fields[] = {
    FIELD(HvbRunRecord, "hvbench", hvbench),
    FIELD(HvbRunRecord, "command_line", command_line),
    FIELD(HvbRunRecord, "status", status),
    FIELD(HvbRunRecord, "why", why),
    DECIMAL(HvbRunRecord, "seed", seed),
    FIELD(HvbRunRecord, "started_us", started_us),
};
const HvbRow hvb_run_row = ROW(run_fields);

#define REFERENCE(column, vantage, operation) \
    FIELD(HvbGuestRecord, column, references.ns[vantage][operation])

static const HvbField guest_fields[] = {
    FIELD(HvbGuestRecord, "guest", guest),
    FIELD(HvbGuestRecord, "name", name),
    FIELD(HvbGuestRecord, "protocol", hello.version),
    FIELD(HvbGuestRecord, "flags", hello.flags),
    FIELD(HvbGuestRecord, "cpus", hello.cpus),
    FIELD(HvbGuestRecord, "memory_kib", hello.memory_kib),
    FIELD(HvbGuestRecord, "rough_iterations_per_ms", hello.iterations_per_ms),
    FIELD(HvbGuestRecord, "agent", hello.agent),
    FIELD(HvbGuestRecord, "kernel", hello.kernel),
    FIELD(HvbGuestRecord, "cpu", hello.cpu),
    FIELD(HvbGuestRecord, "clocksource", hello.clocksource),
    FIELD(HvbGuestRecord, "calibration_rounds", calibration.rounds),
    FIELD(HvbGuestRecord, "calibration_spread_permille",
          calibration.spread_permille),
    FIELD(HvbGuestRecord, "calibration_converged", calibration.converged),
    FIELD(HvbGuestRecord, "iterations_per_ms", calibration.iterations_per_ms),
    REFERENCE("reference_key_ns", WIRE_SERVER, WIRE_KEY),
    REFERENCE("reference_open_ns", WIRE_SERVER, WIRE_OPEN),
    REFERENCE("reference_launch_ns", WIRE_SERVER, WIRE_LAUNCH),
    REFERENCE("client_reference_key_ns", WIRE_CLIENT, WIRE_KEY),
    REFERENCE("client_reference_open_ns", WIRE_CLIENT, WIRE_OPEN),
    REFERENCE("client_reference_launch_ns", WIRE_CLIENT, WIRE_LAUNCH),
};
const HvbRow hvb_guest_row = ROW(guest_fields);

static const HvbField cell_fields[] = {
    FIELD(HvbCell, "level", level),
    FIELD(HvbCell, "repetition", repetition),
    FIELD(HvbCell, "attempt", attempt),
    FIELD(HvbCell, "position", position),
    DECIMAL(HvbCell, "seed", seed),
    FIELD(HvbCell, "why", why),
    FIELD(HvbCell, "suspect", suspect),
    FIELD(HvbCell, "started_realtime_us", started_realtime_us),
    FIELD(HvbCell, "window_ns", window_ns),
    FIELD(HvbCell, "scheduled", scheduled),
    FIELD(HvbCell, "received", received),
    FIELD(HvbCell, "censored", censored),
    FIELD(HvbCell, "failed", failed),
    FIELD(HvbCell, "lost", lost),
    FIELD(HvbCell, "lost_frames", lost_frames),
    FIELD(HvbCell, "refused", refused),
    FIELD(HvbCell, "late_frame_ns", late_frame_ns),
    FIELD(HvbCell, "late_send_ns", late_send_ns),
    FIELD(HvbCell, "foreign_percent", foreign_percent),
    FIELD(HvbCell, "steal_percent", steal_percent),
    FIELD(HvbCell, "own_percent", own_percent),
    FIELD(HvbCell, "drift_percent", drift_percent),
};
const HvbRow hvb_cell_row = ROW(cell_fields);

static const HvbField sample_fields[] = {
    FIELD(HvbSample, "vantage", vantage),
    FIELD(HvbSample, "schedule_index", raw.index),
    FIELD(HvbSample, "operation", raw.operation),
    FIELD(HvbSample, "flags", raw.flags),
    FIELD(HvbSample, "probe_user", raw.user),
    FIELD(HvbSample, "intended_ns", raw.intended_ns),
    FIELD(HvbSample, "started_ns", raw.started_ns),
    FIELD(HvbSample, "ended_ns", raw.ended_ns),
    FIELD(HvbSample, "reference_ns", reference_ns),
    FIELD(HvbSample, "response_ns", response_ns),
    FIELD(HvbSample, "delay_ns", delay_ns),
};
const HvbRow hvb_sample_row = ROW(sample_fields);

static const HvbField clock_fields[] = {
    FIELD(HvbClockRecord, "host_ns", reading.host_ns),
    FIELD(HvbClockRecord, "offset_ns", reading.offset_ns),
    FIELD(HvbClockRecord, "error_ns", reading.error_ns),
    FIELD(HvbClockRecord, "wall_ns", reading.wall_ns),
    FIELD(HvbClockRecord, "host_wall_ns", reading.host_wall_ns),
};
const HvbRow hvb_clock_row = ROW(clock_fields);

static const HvbField meter_fields[] = {
    FIELD(HvbMeterRecord, "guest_window_ns", guest_window_ns),
    FIELD(HvbMeterRecord, "user_ns", user_ns),
    FIELD(HvbMeterRecord, "system_ns", system_ns),
    FIELD(HvbMeterRecord, "steal_ns", steal_ns),
    FIELD(HvbMeterRecord, "idle_ns", idle_ns),
    FIELD(HvbMeterRecord, "users_cpu_ns", users_cpu_ns),
    FIELD(HvbMeterRecord, "probes_cpu_ns", probes_cpu_ns),
    FIELD(HvbMeterRecord, "agent_cpu_ns", agent_cpu_ns),
    FIELD(HvbMeterRecord, "manager_cpu_ns", manager_cpu_ns),
    FIELD(HvbMeterRecord, "has_guest_view", has_guest_view),
    FIELD(HvbMeterRecord, "host_window_ns", host_window_ns),
    FIELD(HvbMeterRecord, "host_cpu_ns", host_cpu_ns),
    FIELD(HvbMeterRecord, "host_vcpu_ns", host_vcpu_ns),
    FIELD(HvbMeterRecord, "host_emulator_ns", host_emulator_ns),
    FIELD(HvbMeterRecord, "throttled_periods", throttled_periods),
    FIELD(HvbMeterRecord, "throttled_ns", throttled_ns),
    FIELD(HvbMeterRecord, "above_throttled_periods", above_throttled_periods),
    FIELD(HvbMeterRecord, "above_throttled_ns", above_throttled_ns),
};
const HvbRow hvb_meter_row = ROW(meter_fields);

static const HvbField tuning_fields[] = {
    FIELD(HvbTuning, "vcpu_quota_us", vcpu_quota_us),
    FIELD(HvbTuning, "vcpu_period_us", vcpu_period_us),
    FIELD(HvbTuning, "vm_quota_us", vm_quota_us),
    FIELD(HvbTuning, "vm_period_us", vm_period_us),
    FIELD(HvbTuning, "shares", shares),
    FIELD(HvbTuning, "cgroup_v2", cgroup_v2),
    FIELD(HvbTuning, "cpus", cpus),
    FIELD(HvbTuning, "emulator_cpus", emulator_cpus),
    FIELD(HvbTuning, "vcpu_burst_us", vcpu_burst_us),
    FIELD(HvbTuning, "vm_burst_us", vm_burst_us),
    FIELD(HvbTuning, "idle", idle),
    FIELD(HvbTuning, "vcpu_group", group),
    FIELD(HvbTuning, "above", above),
    FIELD(HvbTuning, "limit_group", limit_group),
    FIELD(HvbTuning, "limit_quota_us", limit_quota_us),
    FIELD(HvbTuning, "limit_period_us", limit_period_us),
};
const HvbRow hvb_tuning_row = ROW(tuning_fields);

static const HvbField event_fields[] = {
    FIELD(HvbEventRecord, "guest", guest),
    FIELD(HvbEventRecord, "time_ns", time_ns),
    FIELD(HvbEventRecord, "host_ns", host_ns),
    FIELD(HvbEventRecord, "kind", kind),
    FIELD(HvbEventRecord, "text", text),
};
const HvbRow hvb_event_row = ROW(event_fields);

char *hvb_clean_text(const char *text)
{
    g_autofree char *valid = NULL;
    GString *clean;

    if (!text)
        return NULL;
    valid = g_utf8_make_valid(text, -1);
    clean = g_string_sized_new(strlen(valid));
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gboolean control = g_unichar_iscntrl(c) && c != '\n' && c != '\t';
        g_string_append_unichar(clean, control ? 0xfffd : c);
    }
    return g_string_free(clean, FALSE);
}

void hvb_bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    sqlite3_bind_text(statement, parameter, hvb_clean_text(text), -1, g_free);
}

char *hvb_read_text(sqlite3_stmt *statement, int column)
{
    return hvb_clean_text((const char *)sqlite3_column_text(statement, column));
}

/* Binding fails only for want of memory, or when a parameter's number is
 * wrong, which the assertion on its name finds. */
static void bind_field(const HvbField *field, sqlite3_stmt *statement,
                       int parameter, gconstpointer record)
{
    const void *member = (const char *)record + field->offset;
    char decimal[32];

    g_assert_cmpstr(sqlite3_bind_parameter_name(statement, parameter) + 1, ==,
                    field->name);
    switch (field->type) {
    case HVB_FIELD_INT64:
    case HVB_FIELD_UINT64:
        sqlite3_bind_int64(statement, parameter, *(const gint64 *)member);
        break;
    case HVB_FIELD_DECIMAL:
        g_snprintf(decimal, sizeof decimal, "%" G_GUINT64_FORMAT,
                   *(const guint64 *)member);
        sqlite3_bind_text(statement, parameter, decimal, -1, SQLITE_TRANSIENT);
        break;
    case HVB_FIELD_INT:
        sqlite3_bind_int64(statement, parameter, *(const int *)member);
        break;
    case HVB_FIELD_UINT32:
        sqlite3_bind_int64(statement, parameter, *(const guint32 *)member);
        break;
    case HVB_FIELD_UINT16:
        sqlite3_bind_int64(statement, parameter, *(const guint16 *)member);
        break;
    case HVB_FIELD_UINT8:
        sqlite3_bind_int64(statement, parameter, *(const guint8 *)member);
        break;
    case HVB_FIELD_DOUBLE:
        sqlite3_bind_double(statement, parameter, *(const double *)member);
        break;
    case HVB_FIELD_TEXT:
        hvb_bind_text(statement, parameter, *(char *const *)member);
        break;
    case HVB_FIELD_STRING:
        hvb_bind_text(statement, parameter, member);
        break;
    }
}

/* Cleaning may have made the text longer than the buffer. */
static void copy_string(char *buffer, gsize size, const char *text)
{
    const char *end = NULL;

    g_strlcpy(buffer, text ? text : "", size);
    g_utf8_validate(buffer, -1, &end);
    buffer[end - buffer] = '\0';
}

static void read_field(const HvbField *field, sqlite3_stmt *statement,
                       int column, gpointer record)
{
    void *member = (char *)record + field->offset;
    g_autofree char *text = NULL;

    switch (field->type) {
    case HVB_FIELD_INT64:
    case HVB_FIELD_UINT64:
        *(gint64 *)member = sqlite3_column_int64(statement, column);
        break;
    case HVB_FIELD_DECIMAL:
        text = hvb_read_text(statement, column);
        *(guint64 *)member = text ? g_ascii_strtoull(text, NULL, 10) : 0;
        break;
    case HVB_FIELD_INT:
        *(int *)member = (int)sqlite3_column_int64(statement, column);
        break;
    case HVB_FIELD_UINT32:
        *(guint32 *)member = (guint32)sqlite3_column_int64(statement, column);
        break;
    case HVB_FIELD_UINT16:
        *(guint16 *)member = (guint16)sqlite3_column_int64(statement, column);
        break;
    case HVB_FIELD_UINT8:
        *(guint8 *)member = (guint8)sqlite3_column_int64(statement, column);
        break;
    case HVB_FIELD_DOUBLE:
        *(double *)member =
            sqlite3_column_type(statement, column) == SQLITE_NULL
                ? NAN
                : sqlite3_column_double(statement, column);
        break;
    case HVB_FIELD_TEXT:
        *(char **)member = hvb_read_text(statement, column);
        break;
    case HVB_FIELD_STRING:
        text = hvb_read_text(statement, column);
        copy_string(member, field->size, text);
        break;
    }
}

int hvb_row_bind(const HvbRow *row, sqlite3_stmt *statement, int first,
                 gconstpointer record)
{
    for (guint i = 0; i < row->n; i++)
        bind_field(&row->fields[i], statement, first + (int)i, record);
    return first + (int)row->n;
}

int hvb_row_read(const HvbRow *row, sqlite3_stmt *statement, int first,
                 gpointer ret_record)
{
    for (guint i = 0; i < row->n; i++)
        read_field(&row->fields[i], statement, first + (int)i, ret_record);
    return first + (int)row->n;
}
