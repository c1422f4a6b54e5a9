/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/names.h"

#include <string.h>

/* Longest text that a message repeats, in characters. */
#define MAX_PRINTED 60
/* Longest word that is compared with others, in bytes. */
#define MAX_COMPARED 40

const char *const hvb_level_names[] = {
    [HVB_LEVEL_NONE] = "None",       [HVB_LEVEL_LOW] = "Low",
    [HVB_LEVEL_MEDIUM] = "Medium",   [HVB_LEVEL_BUSY] = "Busy",
    [HVB_LEVEL_MAXIMUM] = "Maximum", [HVB_LEVEL_OVERLOAD] = "Overload",
    [HVB_N_LEVELS] = NULL,
};
const char *const hvb_operation_names[] = {
    [WIRE_KEY] = "key",
    [WIRE_OPEN] = "open",
    [WIRE_LAUNCH] = "launch",
    [WIRE_N_OPERATIONS] = NULL,
};
const char *const hvb_accel_names[] = {
    [HVB_ACCEL_AUTO] = "auto",
    [HVB_ACCEL_KVM] = "kvm",
    [HVB_ACCEL_TCG] = "tcg",
    NULL,
};
const char *const hvb_cap_scope_names[] = {
    [HVB_CAP_SCOPE_VCPU] = "vcpu",
    [HVB_CAP_SCOPE_VM] = "vm",
    NULL,
};
const char *const hvb_measured_names[] = {
    [HVB_MEASURED_NO] = "no",
    [HVB_MEASURED_YES] = "yes",
    [HVB_MEASURED_APART] = "apart",
    NULL,
};
const char *const hvb_affinity_names[] = {
    [HVB_AFFINITY_FLOAT] = "float",
    [HVB_AFFINITY_PINNED] = "pinned",
    NULL,
};
const char *const hvb_hypervisor_choice_names[] = {
    [HVB_HYPERVISOR_A] = "A",
    [HVB_HYPERVISOR_B] = "B",
    NULL,
};
const char *const hvb_cache_names[] = {
    [HVB_CACHE_DEFAULT] = "default",
    [HVB_CACHE_NONE] = "none",
    [HVB_CACHE_WRITEBACK] = "writeback",
    [HVB_CACHE_WRITETHROUGH] = "writethrough",
    [HVB_CACHE_DIRECTSYNC] = "directsync",
    [HVB_CACHE_UNSAFE] = "unsafe",
    NULL,
};
const char *const hvb_reading_names[] = {
    [WIRE_READING_DIRECT] = "direct",
    [WIRE_READING_COLD] = "cold",
    [WIRE_READING_WARM] = "warm",
    NULL,
};
const char *const hvb_vantages_names[] = {
    [HVB_VANTAGES_SERVER] = "server",
    [HVB_VANTAGES_CLIENT] = "client",
    [HVB_VANTAGES_BOTH] = "both",
    NULL,
};
const char *const hvb_method_names[] = {
    [WIRE_METHOD_NICE - WIRE_METHOD_NICE] = "nice",
    [WIRE_METHOD_IDLE - WIRE_METHOD_NICE] = "idle",
    [WIRE_METHOD_CGROUP - WIRE_METHOD_NICE] = "cgroup",
    NULL,
};

int hvb_name_index(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++) {
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

/* Edit distance, two neighbours swapped counting as one: Damerau's, in the
 * restricted form ("optimal string alignment"). Both at most MAX_COMPARED. */
static guint distance(const char *a, const char *b)
{
    gsize n_a = strlen(a), n_b = strlen(b);
    guint d[MAX_COMPARED + 1][MAX_COMPARED + 1];

    for (gsize i = 0; i <= n_a; i++)
        d[i][0] = i;
    for (gsize j = 0; j <= n_b; j++)
        d[0][j] = j;
    for (gsize i = 1; i <= n_a; i++) {
        for (gsize j = 1; j <= n_b; j++) {
            guint other =
                g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]);
            d[i][j] =
                MIN(MIN(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + other);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n_a][n_b];
}

const char *hvb_name_nearest(const char *const *names, const char *word)
{
    const char *nearest = NULL;
    gsize length = strlen(word);
    guint limit = MIN(length / 3, 3) + 1;

    if (length > MAX_COMPARED)
        return NULL;
    for (gsize i = 0; names[i]; i++) {
        if (strlen(names[i]) > MAX_COMPARED)
            continue;
        guint d = distance(names[i], word);
        if (d < limit) {
            nearest = names[i];
            limit = d;
        }
    }
    return nearest;
}

char *hvb_name_printable(const char *text)
{
    GString *printable = g_string_new(NULL);
    guint n = 0;

    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        if (n++ == MAX_PRINTED) {
            g_string_append(printable, "...");
            break;
        }
        g_string_append_unichar(printable,
                                g_unichar_isprint(character) ? character : '?');
    }
    return g_string_free(printable, FALSE);
}

/* Without what only moves the cursor. */
static void append_line(GString *line, const char *words)
{
    g_autofree char *plain = g_strstrip(g_strdup(words));

    g_strdelimit(plain, "\t\r", ' ');
    for (const char *c = plain; *c; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        g_string_append_unichar(line,
                                g_unichar_isprint(character) ? character : '?');
    }
}

char *hvb_name_line(const char *words)
{
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
    GString *line = g_string_new(NULL);

    for (char **at = lines; *at; at++) {
        gsize before = line->len;
        if (before > 0)
            g_string_append(line, "; ");
        gsize start = line->len;
        append_line(line, *at);
        if (line->len == start)
            g_string_truncate(line, before);
    }
    return g_string_free(line, FALSE);
}

const char *hvb_level_name(HvbLevel level)
{
    return hvb_level_names[level];
}

gboolean hvb_level_from_name(const char *name, HvbLevel *ret_level)
{
    int i = hvb_name_index(hvb_level_names, name);

    if (i >= 0)
        *ret_level = (HvbLevel)i;
    return i >= 0;
}

const char *hvb_operation_name(WireOperation operation)
{
    return hvb_operation_names[operation];
}

gboolean hvb_operation_from_name(const char *name, WireOperation *ret)
{
    int i = hvb_name_index(hvb_operation_names, name);

    if (i >= 0)
        *ret = (WireOperation)i;
    return i >= 0;
}

const char *hvb_accel_name(HvbAccel accel)
{
    return hvb_accel_names[accel];
}

gboolean hvb_accel_from_name(const char *name, HvbAccel *ret_accel)
{
    int i = hvb_name_index(hvb_accel_names, name);

    if (i >= 0)
        *ret_accel = (HvbAccel)i;
    return i >= 0;
}

const char *hvb_cap_scope_name(HvbCapScope scope)
{
    return hvb_cap_scope_names[scope];
}

const char *hvb_measured_name(HvbMeasured measured)
{
    return hvb_measured_names[measured];
}

const char *hvb_affinity_name(HvbAffinity affinity)
{
    return hvb_affinity_names[affinity];
}

const char *hvb_hypervisor_choice_name(HvbHypervisorChoice choice)
{
    return hvb_hypervisor_choice_names[choice];
}

const char *hvb_cache_name(HvbCache cache)
{
    return hvb_cache_names[cache];
}

const char *hvb_reading_name(WireReading reading)
{
    return hvb_reading_names[reading];
}

const char *hvb_vantage_name(WireVantage vantage)
{
    return vantage == WIRE_CLIENT ? "client" : "server";
}
