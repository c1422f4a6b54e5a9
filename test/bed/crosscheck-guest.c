/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/bed/crosscheck-guest.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

/* More samples than a phase can have. */
#define MAX_SAMPLES 100000

void crosscheck_phase_free(CrosscheckPhase *phase)
{
    if (!phase)
        return;
    g_array_unref(phase->delays_us);
    g_free(phase);
}

/* What a whole line says after "crosscheck WHAT NAME", be there what may before
 * it: a prompt for a login does not end its line. The caller frees; NULL: there
 * is no such line. */
static char *said(const char *text, const char *what, const char *name)
{
    g_autofree char *head = g_strdup_printf("crosscheck %s %s", what, name);
    const char *at = strstr(text, head);
    const char *end = at ? strchr(at, '\n') : NULL;

    if (!end)
        return NULL;
    at += strlen(head);
    return g_strstrip(g_strndup(at, (gsize)(end - at)));
}

static gboolean has_said(const char *console, gsize offset, const char *what,
                         const char *name)
{
    g_autofree char *rest =
        strlen(console) < offset ? NULL : said(console + offset, what, name);

    return rest != NULL;
}

gboolean crosscheck_has_begun(const char *console, gsize offset,
                              const char *name)
{
    return has_said(console, offset, "begin", name);
}

gboolean crosscheck_is_over(const char *console, gsize offset, const char *name)
{
    return has_said(console, offset, "over", name);
}

static int compare_values(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a;
    gint64 y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static void append_times(GArray *values, gint64 value, gint64 n)
{
    for (gint64 i = 0; i < n && values->len < MAX_SAMPLES; i++)
        g_array_append_val(values, value);
}

/* cyclictest's report: cycles, the longest delay, and how many there were of
 * each microsecond. What was beyond the histogram counts as the longest. */
static gboolean read_delays(const char *json, GArray *delays_us)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(JsonReader) reader = NULL;

    if (!json_parser_load_from_data(parser, json, -1, NULL))
        return FALSE;
    reader = json_reader_new(json_parser_get_root(parser));
    if (!json_reader_read_member(reader, "thread") ||
        !json_reader_read_member(reader, "0") ||
        !json_reader_read_member(reader, "cycles"))
        return FALSE;
    gint64 cycles = json_reader_get_int_value(reader);
    json_reader_end_member(reader);
    if (!json_reader_read_member(reader, "max"))
        return FALSE;
    gint64 longest_us = json_reader_get_int_value(reader);
    json_reader_end_member(reader);
    if (!json_reader_read_member(reader, "histogram"))
        return FALSE;
    g_auto(GStrv) bins = json_reader_list_members(reader);
    for (char **bin = bins; *bin; bin++) {
        json_reader_read_member(reader, *bin);
        append_times(delays_us, g_ascii_strtoll(*bin, NULL, 10),
                     json_reader_get_int_value(reader));
        json_reader_end_member(reader);
    }
    append_times(delays_us, longest_us, cycles - (gint64)delays_us->len);
    g_array_sort(delays_us, compare_values);
    return cycles > 0 && delays_us->len == cycles;
}

static const char *last_begin(const char *text, const char *name)
{
    g_autofree char *head = g_strdup_printf("crosscheck begin %s", name);

    return g_strrstr(text, head);
}

CrosscheckPhase *crosscheck_phase_read(const char *console, gsize offset,
                                       const char *name)
{
    const char *text = last_begin(console + offset, name);
    g_autoptr(CrosscheckPhase) phase = g_new0(CrosscheckPhase, 1);

    phase->delays_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!text)
        return NULL;
    g_autofree char *begin = said(text, "begin", name);
    g_autofree char *end = said(text, "end", name);
    g_autofree char *json = said(text, "cyclictest", name);
    g_autofree char *rate = said(text, "stress-ng", name);
    if (!begin || !end || !json ||
        sscanf(begin, "%*f %u", &phase->looks) != 1 ||
        !read_delays(json, phase->delays_us))
        return NULL;
    phase->end_s = g_ascii_strtod(end, NULL);
    phase->bogo_per_s = rate ? g_ascii_strtod(rate, NULL) : 0.0;
    return g_steal_pointer(&phase);
}

#define POLL_MS 200
#define PHASE_TIMEOUT_S 120

/* Not in step with a cap's period, so that the starts, which lie in the middle
 * half of their slots, come at every moment of it. */
#define SLOT_US 23000

static const struct {
    const char *name;
    guint samples;
} phases[CROSSCHECK_N_PHASES] = {{"idle", 170}, {"spin", 520}};

const char *crosscheck_phase_name(guint phase)
{
    return phases[phase].name;
}

char *crosscheck_console(const HvbBed *bed)
{
    char *text = NULL;

    return g_file_get_contents(bed->guests[0].console, &text, NULL, NULL)
               ? text
               : g_strdup("");
}

static gboolean wait_for(const HvbBed *bed,
                         gboolean (*is_there)(const char *, gsize,
                                              const char *),
                         gsize offset, const char *name)
{
    gint64 until_us = g_get_monotonic_time() + PHASE_TIMEOUT_S * G_USEC_PER_SEC;

    while (g_get_monotonic_time() < until_us) {
        g_autofree char *text = crosscheck_console(bed);
        if (is_there(text, offset, name))
            return TRUE;
        hvb_sleep(POLL_MS, NULL, NULL);
    }
    return FALSE;
}

static GArray *delays_of(const HvbTake *take)
{
    GArray *delays_us = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (guint i = 0; i < take->samples->len; i++) {
        const WireSample *raw = &g_array_index(take->samples, HvbSample, i).raw;
        gint64 delay_us = (gint64)(raw->ended_ns - raw->intended_ns) / 1000;
        g_array_append_val(delays_us, delay_us);
    }
    g_array_sort(delays_us, compare_values);
    return delays_us;
}

static gboolean read_meter_on_open(HvbRig *rig, const HvbWindow *window,
                                   const HvbTake *take, gpointer user_data,
                                   GError **error)
{
    CrosscheckPair *pair = user_data;

    (void)window;
    (void)take;
    return rig->bed->read_meter(rig->bed, 0, &pair->opened, error);
}

/* Whether our window was over before their phase was, by the guest's clock: it
 * opened when the phase had begun, for that is what it waited for. */
static gboolean is_covered(const HvbTake *take, const CrosscheckPhase *theirs)
{
    const HvbClockReading *after =
        &g_array_index(take->clocks, HvbClockRecord, 1).reading;

    return (double)(after->host_ns + after->offset_ns) / 1e9 <= theirs->end_s;
}

void crosscheck_pair_clear(CrosscheckPair *pair)
{
    g_clear_pointer(&pair->theirs, crosscheck_phase_free);
    g_clear_pointer(&pair->delays_us, g_array_unref);
}

static gboolean take_beside(HvbRig *rig, guint phase, CrosscheckPair *pair,
                            HvbTake **ret_take, GError **error)
{
    g_autofree HvbUsage *before = g_new0(HvbUsage, 1);
    g_autofree HvbUsage *after = g_new0(HvbUsage, 1);

    if (!hvb_usage_read(rig->bed, NULL, before, error))
        return FALSE;
    *ret_take = hvb_rig_take(rig, WIRE_KEY, phases[phase].samples, SLOT_US,
                             read_meter_on_open, pair, error);
    if (!*ret_take ||
        !rig->bed->read_meter(rig->bed, 0, &pair->closed, error) ||
        !hvb_usage_read(rig->bed, NULL, after, error))
        return FALSE;
    pair->foreign_percent = hvb_usage_foreign_percent(before, after);
    return TRUE;
}

char *crosscheck_measure(HvbRig *rig, guint phase, gsize offset,
                         CrosscheckPair *ret_pair)
{
    const char *name = phases[phase].name;
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbTake) take = NULL;

    if (!wait_for(rig->bed, crosscheck_has_begun, offset, name))
        return g_strdup("did not begin");
    if (!take_beside(rig, phase, ret_pair, &take, &error))
        return g_strdup(error->message);
    if (!wait_for(rig->bed, crosscheck_is_over, offset, name))
        return g_strdup("did not end");
    g_autofree char *text = crosscheck_console(rig->bed);
    ret_pair->theirs = crosscheck_phase_read(text, offset, name);
    ret_pair->delays_us = delays_of(take);
    ret_pair->scheduled = take->scheduled;
    ret_pair->missing = take->missing;
    if (!ret_pair->theirs ||
        (phase == CROSSCHECK_SPIN && ret_pair->theirs->bogo_per_s <= 0.0))
        return g_strdup("the tools' results cannot be read");
    return is_covered(take, ret_pair->theirs)
               ? NULL
               : g_strdup("was over before the probe's window");
}

gint64 crosscheck_median(const GArray *values)
{
    return g_array_index(values, gint64, values->len / 2);
}

double crosscheck_percent_above(const GArray *values, gint64 limit)
{
    guint n = 0;

    for (guint i = 0; i < values->len; i++)
        n += g_array_index(values, gint64, i) > limit;
    return 100.0 * n / values->len;
}
