/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

const guint32 hvb_level_colours[HVB_N_LEVELS] = {
    0x364b9a, 0x6ea6cd, 0xeac95b, 0xfda45b, 0xee6a45, 0xa50026,
};

static char *format(const char *number_format, double value, const char *unit)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    if (isnan(value))
        return g_strdup(HVB_TEXT_NOTHING);
    g_ascii_formatd(number, sizeof number, number_format, value);
    /* Rounding must not leave a sign before nothing: "-0.0". */
    if (number[0] == '-' && strpbrk(number, "123456789") == NULL)
        return g_strconcat(number + 1, unit, NULL);
    return g_strconcat(number, unit, NULL);
}

char *hvb_text_ms(double ms)
{
    return format(ms < 9.95 ? "%.1f" : "%.0f", ms, "");
}

char *hvb_text_share(double share)
{
    if (share > 0 && share < 0.005)
        return g_strdup("< 1 %");
    if (share < 1 && share >= 0.995)
        return g_strdup("> 99 %");
    return format("%.0f", 100 * share, " %");
}

char *hvb_text_percent(double percent)
{
    return format("%.1f", percent, " %");
}

char *hvb_text_tenths(double number)
{
    return format("%.1f", number, "");
}

char *hvb_text_figure(double figure, const char *unit)
{
    double size = fabs(figure);
    const char *digits = size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f";
    g_autofree char *after =
        unit && unit[0] != '\0' ? g_strconcat(" ", unit, NULL) : g_strdup("");

    return format(digits, figure, after);
}

char *hvb_text_interval(const HvbInterval *interval)
{
    double size =
        fmax(fabs(interval->estimate),
             fmax(fabs(interval->low), fabs(interval->high))); /* NaN or not */
    const char *digits = size < 9.95 ? "%.1f" : "%.0f";
    g_autofree char *estimate = format(digits, interval->estimate, "");
    g_autofree char *low = format(digits, interval->low, "");
    g_autofree char *high = format(digits, interval->high, "");

    if (isnan(interval->low) || isnan(interval->high))
        return g_steal_pointer(&estimate);
    return g_strdup_printf("%s (%s to %s)", estimate, low, high);
}

char *hvb_text_duration(double seconds)
{
    gint64 s = (gint64)round(seconds);

    if (s < 60)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", s);
    if (s < 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " min %02d s", s / 60,
                               (int)(s % 60));
    return g_strdup_printf("%" G_GINT64_FORMAT " h %02d min", s / 3600,
                           (int)(s % 3600 / 60));
}

char *hvb_text_bin(guint bin)
{
    g_assert(bin < HVB_P3_BINS);
    if (bin == 0)
        return g_strdup_printf("< %u", hvb_p3_edges_ms[0]);
    if (bin == HVB_P3_BINS - 1)
        return g_strdup_printf("≥ %u", hvb_p3_edges_ms[bin - 1]);
    return g_strdup_printf("%u–%u", hvb_p3_edges_ms[bin - 1],
                           hvb_p3_edges_ms[bin]);
}

char *hvb_text_heading(const HvbP3 *p3)
{
    const char *title =
        p3->title && p3->title[0] != '\0' ? p3->title : p3->scenario;

    if (p3->figure && p3->figure[0] != '\0')
        return g_strdup_printf("Figure %s: %s", p3->figure, title);
    return g_strdup(title);
}

char *hvb_text_operation(const HvbP3 *p3)
{
    return g_strconcat(hvb_operation_name(p3->headline),
                       p3->vantage == WIRE_CLIENT ? ", client side" : "", NULL);
}

const HvbP3Row *hvb_p3_headline(const HvbP3 *p3, const HvbP3Level *level)
{
    return &level->operations[p3->headline];
}

guint hvb_p3_samples(const HvbP3 *p3)
{
    guint samples = 0;

    for (guint i = 0; i < p3->levels->len; i++)
        samples +=
            hvb_p3_headline(p3, &g_array_index(p3->levels, HvbP3Level, i))
                ->samples;
    return samples;
}
