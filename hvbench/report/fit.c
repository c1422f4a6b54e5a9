/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/fit.h"

#include <string.h>

#define ELLIPSIS "…"
#define ELLIPSIS_EM 1.0
#define FIRST ' '

/* Advance widths in thousandths of an em, of ' ' to '~'. */
static const guint16 widths[] = {
    318, 401, 460, 838, 636,  950, 780, 275, 390, 390, 500, 838, 318, 361,
    318, 337, 636, 636, 636,  636, 636, 636, 636, 636, 636, 636, 337, 337,
    838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748,  787, 603, 787, 695, 635, 611, 732, 684, 989,
    685, 611, 685, 390, 337,  390, 838, 500, 500, 613, 635, 550, 635, 615,
    352, 635, 634, 278, 278,  579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592,  592, 525, 636, 337, 636, 838,
};
/* Others: hardly any is wider. */
#define CAPITAL_EM 1.1
#define OTHER_EM 0.95
#define WIDE_EM 1.0

static double width_of(gunichar c)
{
    gunichar base = c;

    if (g_unichar_iszerowidth(c))
        return 0.0;
    if (g_unichar_iswide(c))
        return WIDE_EM;
    /* An accent makes no letter wider. */
    g_unichar_fully_decompose(c, FALSE, &base, 1);
    if (base >= FIRST && base < FIRST + G_N_ELEMENTS(widths))
        return widths[base - FIRST] / 1000.0;
    return g_unichar_isupper(c) ? CAPITAL_EM : OTHER_EM;
}

double hvb_fit_width_em(const char *text)
{
    double width = 0.0;

    for (; *text != '\0'; text = g_utf8_next_char(text))
        width += width_of(g_utf8_get_char(text));
    return width;
}

char *hvb_fit(const char *text, double room_px, double font_px)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    double room = room_px / font_px - ELLIPSIS_EM;
    const char *end = valid;

    if (hvb_fit_width_em(valid) * font_px <= room_px)
        return g_steal_pointer(&valid);
    for (; *end != '\0'; end = g_utf8_next_char(end)) {
        room -= width_of(g_utf8_get_char(end));
        if (room < 0.0)
            break;
    }
    g_autofree char *kept = g_strndup(valid, (gsize)(end - valid));
    return g_strconcat(g_strchomp(kept), ELLIPSIS, NULL);
}
