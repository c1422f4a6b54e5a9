/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/duration.h"

#include <string.h>

static const struct {
    const char *name;
    guint seconds;
} units[] = {{"h", 3600}, {"min", 60}, {"s", 1}};

gboolean hvb_duration_parse(const char *text, guint *ret_seconds)
{
    guint64 seconds = 0;
    gsize unit = 0;

    while (g_ascii_isdigit(*text)) {
        char *end;
        guint64 number = g_ascii_strtoull(text, &end, 10);
        while (unit < G_N_ELEMENTS(units) &&
               !g_str_has_prefix(end, units[unit].name))
            unit++;
        if (unit == G_N_ELEMENTS(units) || number > HVB_DURATION_MAX_S)
            return FALSE;
        seconds += number * units[unit].seconds;
        text = end + strlen(units[unit].name);
        unit++;
    }
    if (*text != '\0' || seconds == 0 || seconds > HVB_DURATION_MAX_S)
        return FALSE;
    *ret_seconds = (guint)seconds;
    return TRUE;
}

char *hvb_duration_format(guint seconds)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        guint number = seconds / units[i].seconds;
        seconds %= units[i].seconds;
        if (number > 0)
            g_string_append_printf(text, "%u%s", number, units[i].name);
    }
    if (text->len == 0)
        g_string_append(text, "0s");
    return g_string_free(text, FALSE);
}
