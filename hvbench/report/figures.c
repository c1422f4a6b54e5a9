/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures of a result set: the data for the gnuplot templates. */
#include "hvbench/report/fit.h"
#include "hvbench/report/gnuplot.h"
#include "hvbench/report/report.h"
#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

/* More would be unreadable in one picture; each still has its own. */
#define MAX_TOGETHER 12
#define NO_SAMPLE "no sample"
#define NOT_PLANNED "not measured"

/* Of the lines in delays.gp: colours after Okabe and Ito, "Color Universal
 * Design", and Tol's scheme muted (text.h), each with a mark of its own, which
 * is a point type of gnuplot: what looks alike to somebody is told apart by
 * the other. */
static const struct {
    guint32 colour;
    guint mark;
} line_styles[MAX_TOGETHER] = {
    {0x0072b2, 7},  {0xd55e00, 5},  {0x009e73, 9}, {0xcc79a7, 11},
    {0xe69f00, 13}, {0x56b4e9, 6},  {0x222222, 4}, {0x882255, 8},
    {0x999933, 10}, {0x332288, 12}, {0x8c6d4a, 2}, {0x777777, 1},
};

/* The pictures' geometry, as in their templates. What is 1 pt there is drawn
 * with 96 dots to the inch. */
#define WIDTH_PX 1200.0
#define MARGIN_PX 14.0 /* on either side of each P3 */
#define PT_PX (96.0 / 72.0)
#define HEADING_PX (19 * PT_PX)
#define TITLE_PX (14 * PT_PX)
#define LEGEND_PX (11 * PT_PX)
#define LEGEND_MARGINS_PX 64.0 /* with the mark */

/* Where a bin ends that gets a label in the combined picture. */
static const guint ticks[] = {0, 1, 2, 4, 7, 9, 11};

static void append_text(GString *data, const char *variable, const char *text)
{
    g_string_append_printf(data, "%s = ", variable);
    hvb_gnuplot_append_string(data, text);
    g_string_append_c(data, '\n');
}

/* The levels that any of some P3 has, ascending; all, if there is none. */
typedef struct {
    guint n;
    HvbLevel levels[HVB_N_LEVELS];
} Rows;

static Rows rows_of(const HvbP3 *const *p3s, guint n_p3s)
{
    gboolean planned[HVB_N_LEVELS] = {FALSE};
    gboolean nothing = TRUE;
    Rows rows = {0};

    for (guint p = 0; p < n_p3s; p++)
        for (guint i = 0; i < p3s[p]->levels->len; i++) {
            planned[g_array_index(p3s[p]->levels, HvbP3Level, i).level] = TRUE;
            nothing = FALSE;
        }
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        if (planned[level] || nothing)
            rows.levels[rows.n++] = level;
    return rows;
}

/* NULL if the P3 has no sample of that level. */
static const HvbP3Row *sampled_row(const HvbP3 *p3, HvbLevel level)
{
    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *l = &g_array_index(p3->levels, HvbP3Level, i);
        const HvbP3Row *row = hvb_p3_headline(p3, l);
        if (l->level == level)
            return row->samples > 0 ? row : NULL;
    }
    return NULL;
}

/* What stands in the place of bars; "" if there are some. */
static const char *why_empty(const HvbP3 *p3, HvbLevel level)
{
    if (sampled_row(p3, level))
        return "";
    for (guint i = 0; i < p3->levels->len; i++)
        if (g_array_index(p3->levels, HvbP3Level, i).level == level)
            return NO_SAMPLE;
    return NOT_PLANNED;
}

static void append_bars(GString *data, guint number, const HvbP3 *p3,
                        const Rows *rows)
{
    hvb_gnuplot_begin_block(data, "bars", number);
    for (guint r = 0; r < rows->n; r++) {
        const HvbP3Row *row = sampled_row(p3, rows->levels[r]);
        for (guint b = 0; row && b < HVB_P3_BINS; b++) {
            g_autofree char *share = hvb_text_share(row->share[b]);
            if (row->count[b] == 0)
                continue;
            g_string_append_printf(data, "%u %u", r, b + 1);
            hvb_gnuplot_append_number(data, 100 * row->share[b]);
            g_string_append_printf(data, " %u",
                                   hvb_level_colours[rows->levels[r]]);
            hvb_gnuplot_append_column(data, share);
            g_string_append_c(data, '\n');
        }
    }
    /* gnuplot refuses an empty block; this row is outside of the picture. */
    g_string_append(data, "-9 -9 0 0 \"\"\n");
    hvb_gnuplot_end_block(data);
}

static void append_rows(GString *data, guint number, const HvbP3 *p3,
                        const Rows *rows)
{
    hvb_gnuplot_begin_block(data, "rows", number);
    for (guint r = 0; r < rows->n; r++) {
        const HvbP3Row *row = sampled_row(p3, rows->levels[r]);
        g_autofree char *ms = row ? hvb_text_ms(row->mean_ms) : NULL;
        g_autofree char *mean = row ? g_strconcat(ms, " ms", NULL) : NULL;
        g_autofree char *within = row ? hvb_text_share(row->within_50ms) : NULL;
        g_autofree char *samples =
            row ? g_strdup_printf("%u", row->samples) : NULL;

        g_string_append_printf(data, "%u %u", r,
                               hvb_level_colours[rows->levels[r]]);
        hvb_gnuplot_append_column(data, hvb_level_name(rows->levels[r]));
        hvb_gnuplot_append_column(data, row ? mean : "");
        hvb_gnuplot_append_column(data, row ? within : "");
        hvb_gnuplot_append_column(data, row ? samples : "");
        hvb_gnuplot_append_column(data, why_empty(p3, rows->levels[r]));
        g_string_append_c(data, '\n');
    }
    hvb_gnuplot_end_block(data);
}

gboolean hvb_figure_write(const char *dir, const HvbP3 *p3, GError **error)
{
    Rows rows = rows_of(&p3, 1);
    g_autofree char *name = g_strconcat("p3-", p3->scenario, NULL);
    g_autofree char *heading = hvb_text_heading(p3);
    g_autofree char *operation = hvb_text_operation(p3);
    g_autofree char *subheading = g_strdup_printf(
        "%s · operation \"%s\" · %u samples · bars: share of operations with "
        "that delay",
        p3->scenario, operation, hvb_p3_samples(p3));
    g_autoptr(GString) data = g_string_new(NULL);

    g_autofree char *fitted =
        hvb_fit(heading, WIDTH_PX - 2 * MARGIN_PX, HEADING_PX);
    append_text(data, "heading", fitted);
    append_text(data, "subheading", subheading);
    g_string_append_printf(data, "n_rows = %u\n", rows.n);
    hvb_gnuplot_begin_block(data, "bins", 0);
    for (guint b = 0; b < HVB_P3_BINS; b++) {
        g_autofree char *label = hvb_text_bin(b);
        g_string_append_printf(data, "%u", b + 1);
        hvb_gnuplot_append_column(data, label);
        g_string_append_c(data, '\n');
    }
    hvb_gnuplot_end_block(data);
    append_bars(data, 0, p3, &rows);
    append_rows(data, 0, p3, &rows);
    return hvb_gnuplot_draw(dir, name, "p3.gp", data, error);
}

/* Each with room for itself alone. */
static void append_titles(GString *data, const HvbP3 *const *p3s, guint n,
                          double room_px, double font_px)
{
    g_string_append_printf(data, "array titles[%u]\n", n);
    for (guint p = 0; p < n; p++) {
        g_autofree char *variable = g_strdup_printf("titles[%u]", p + 1);
        g_autofree char *heading = hvb_text_heading(p3s[p]);
        g_autofree char *fitted = hvb_fit(heading, room_px, font_px);
        append_text(data, variable, fitted);
    }
}

/* What the pictures of several scenarios say below their heading. */
static char *subheading_of(const HvbP3 *const *p3s, guint n, guint all,
                           const char *how)
{
    g_autofree char *shown =
        n < all ? g_strdup_printf("%u of %u scenarios", n, all)
                : g_strdup_printf("%u scenario%s", n, n == 1 ? "" : "s");
    g_autofree char *first = hvb_text_operation(p3s[0]);
    const char *operation = first;

    for (guint p = 1; p < n; p++)
        if (p3s[p]->headline != p3s[0]->headline ||
            p3s[p]->vantage != p3s[0]->vantage)
            operation = "each scenario's headline";
    return g_strdup_printf("operation: %s · %s · %s", operation, shown, how);
}

static gboolean draw_together(const char *dir, const HvbP3 *const *p3s, guint n,
                              guint all, GError **error)
{
    Rows rows = rows_of(p3s, n);
    g_autofree char *subheading = subheading_of(
        p3s, n, all,
        "bars: share of operations with that delay, thin line: 100 %");
    g_autoptr(GString) data = g_string_new(NULL);

    append_text(data, "heading", "Perceived Performance Profiles");
    append_text(data, "subheading", subheading);
    g_string_append_printf(data, "n_rows = %u\nn_panels = %u\n", rows.n, n);
    append_titles(data, p3s, n, WIDTH_PX / (n == 1 ? 1 : 2) - 2 * MARGIN_PX,
                  TITLE_PX);
    hvb_gnuplot_begin_block(data, "ticks", 0);
    for (gsize t = 0; t < G_N_ELEMENTS(ticks); t++) {
        guint edge_ms = ticks[t] > 0 ? hvb_p3_edges_ms[ticks[t] - 1] : 0;
        g_string_append_printf(data, "%u.5 \"%u\"\n", ticks[t], edge_ms);
    }
    hvb_gnuplot_end_block(data);
    for (guint p = 0; p < n; p++) {
        append_bars(data, p + 1, p3s[p], &rows);
        append_rows(data, p + 1, p3s[p], &rows);
    }
    return hvb_gnuplot_draw(dir, "p3", "p3-all.gp", data, error);
}

/* Appends the scenario's means with p10 and p90; returns the largest value. */
static double append_line(GString *data, guint number, const HvbP3 *p3,
                          const Rows *rows)
{
    double top = 0;

    hvb_gnuplot_begin_block(data, "line", number);
    for (guint r = 0; r < rows->n; r++) {
        const HvbP3Row *row = sampled_row(p3, rows->levels[r]);

        g_string_append_printf(data, "%u", r);
        hvb_gnuplot_append_number(data, row ? row->mean_ms : NAN);
        hvb_gnuplot_append_number(data, row ? row->p10_ms : NAN);
        hvb_gnuplot_append_number(data, row ? row->p90_ms : NAN);
        g_string_append_c(data, '\n');
        if (row)
            top = MAX(top, MAX(row->mean_ms, row->p90_ms));
    }
    hvb_gnuplot_end_block(data);
    return top;
}

static gboolean draw_delays(const char *dir, const HvbP3 *const *p3s, guint n,
                            guint all, GError **error)
{
    Rows rows = rows_of(p3s, n);
    g_autofree char *subheading =
        subheading_of(p3s, n, all, "marks: mean, bars: p10 to p90");
    g_autoptr(GString) data = g_string_new(NULL);
    double top = 100;

    append_text(data, "heading", "Delay by load level");
    append_text(data, "subheading", subheading);
    g_string_append_printf(data, "n_rows = %u\nn_lines = %u\n", rows.n, n);
    append_titles(data, p3s, n, WIDTH_PX / 2 - LEGEND_MARGINS_PX, LEGEND_PX);
    g_string_append_printf(data, "array colours[%u]\narray marks[%u]\n", n, n);
    for (guint p = 0; p < n; p++)
        g_string_append_printf(data, "colours[%u] = %u; marks[%u] = %u\n",
                               p + 1, line_styles[p].colour, p + 1,
                               line_styles[p].mark);
    hvb_gnuplot_begin_block(data, "levels", 0);
    for (guint r = 0; r < rows.n; r++) {
        g_string_append_printf(data, "%u", r);
        hvb_gnuplot_append_column(data, hvb_level_name(rows.levels[r]));
        g_string_append_c(data, '\n');
    }
    hvb_gnuplot_end_block(data);
    for (guint p = 0; p < n; p++)
        top = MAX(top, append_line(data, p + 1, p3s[p], &rows));
    g_string_append(data, "top_ms =");
    hvb_gnuplot_append_number(data, top);
    g_string_append_c(data, '\n');
    return hvb_gnuplot_draw(dir, "delays", "delays.gp", data, error);
}

static gboolean is_figure(const HvbP3 *p3)
{
    return p3->figure && p3->figure[0] != '\0';
}

guint hvb_figures_together(GPtrArray *ordered)
{
    guint figures = 0;

    while (figures < ordered->len && is_figure(ordered->pdata[figures]))
        figures++;
    if (ordered->len <= MAX_TOGETHER)
        return ordered->len;
    return figures == 0 ? MAX_TOGETHER : MIN(figures, MAX_TOGETHER);
}

gboolean hvb_figures_write(const char *dir, GPtrArray *p3s, GError **error)
{
    g_autoptr(GPtrArray) ordered = hvb_findings_order(p3s);
    const HvbP3 *const *shown = (const HvbP3 *const *)ordered->pdata;
    guint n = hvb_figures_together(ordered);

    for (guint p = 0; p < p3s->len; p++)
        if (!hvb_figure_write(dir, p3s->pdata[p], error))
            return FALSE;
    return n == 0 || (draw_together(dir, shown, n, p3s->len, error) &&
                      draw_delays(dir, shown, n, p3s->len, error));
}
