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
