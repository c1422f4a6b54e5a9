/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/p3-lines.h"

#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

#define NAME_COLUMNS 11 /* with the mark of the current level */
#define MEAN_COLUMNS 9
#define COUNT_COLUMNS 6
#define MAX_BIN_COLUMNS 6
#define TABLE_COLUMNS 79 /* of the table with all its figures */
/* The landmarks, 50 ms and 1 s, have a column each after these bins. */
#define N_LANDMARKS 2
static const guint landmark_after[N_LANDMARKS] = {0, 8};

/* The levels' colours in the 256 of a terminal. */
static const guint colours[HVB_N_LEVELS] = {62, 74, 179, 215, 209, 160};

static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄",
                                      "▅", "▆", "▇", "█"};
static const char shades[] = " .:-=+*#%@";

typedef struct {
    const HvbTerminal *terminal;
    guint bin_columns;
    guint height; /* lines per level */
} Layout;

static void layout_for(const HvbTerminal *terminal, guint height,
                       Layout *ret_layout)
{
    guint taken = NAME_COLUMNS + N_LANDMARKS + MEAN_COLUMNS + COUNT_COLUMNS + 1;
    guint left = terminal->columns > taken ? terminal->columns - taken : 0;

    ret_layout->terminal = terminal;
    ret_layout->bin_columns =
        CLAMP(left / HVB_P3_BINS, 1, (guint)MAX_BIN_COLUMNS);
    /* Shades have no use for a second line. */
    ret_layout->height = terminal->utf8 ? height : 1;
}

static gboolean is_landmark(guint bin)
{
    return bin == landmark_after[0] || bin == landmark_after[1];
}

/* Columns from the first bin to the end of `bins` bins. */
static guint columns_of(const Layout *layout, guint bins)
{
    guint columns = bins * layout->bin_columns;

    for (guint i = 0; i < N_LANDMARKS; i++)
        columns += bins > landmark_after[i] + 1;
    return columns;
}

static void append_padding(GString *line, guint columns)
{
    for (guint i = 0; i < columns; i++)
        g_string_append_c(line, ' ');
}

/* Right-aligned in `columns`. */
static void append_right(GString *line, guint columns, const char *text)
{
    guint width = hvb_terminal_width(text);

    append_padding(line, columns > width ? columns - width : 0);
    g_string_append(line, text);
}

/* A figure as report/text.h gives it, without the sign for nothing where the
 * terminal cannot show it. Takes the text over. */
static void append_figure(GString *line, const HvbTerminal *terminal,
                          guint columns, char *text)
{
    gboolean nothing = strcmp(text, HVB_TEXT_NOTHING) == 0;

    append_right(line, columns, nothing && !terminal->utf8 ? "-" : text);
    g_free(text);
}

/* What stands in line `line_no` (0 the lowest) of a bar. */
static const char *bar_piece(const Layout *layout, double share, guint count,
                             guint line_no, char shade[2])
{
    if (!layout->terminal->utf8) {
        guint top = sizeof shades - 2;
        shade[0] = shades[count == 0 ? 0 : 1 + (guint)(share * (top - 1))];
        shade[1] = '\0';
        return shade;
    }
    guint filled = (guint)lround(share * 8 * layout->height);
    filled = count > 0 ? MAX(filled, 1) : 0;
    return eighths[filled > 8 * line_no ? MIN(filled - 8 * line_no, 8) : 0];
}

static void append_landmark(GString *line, const Layout *layout)
{
    hvb_terminal_normal(line, layout->terminal);
    hvb_terminal_dim(line, layout->terminal);
    g_string_append(line, layout->terminal->utf8 ? "┊" : "|");
    hvb_terminal_normal(line, layout->terminal);
}

static void append_bars(GString *line, const Layout *layout, HvbLevel level,
                        const HvbP3Row *row, guint line_no)
{
    char shade[2];

    hvb_terminal_colour(line, layout->terminal, colours[level]);
    for (guint b = 0; b < HVB_P3_BINS; b++) {
        double share = row->samples > 0 ? row->share[b] : 0;
        guint count = row->samples > 0 ? row->count[b] : 0;
        for (guint i = 0; i < layout->bin_columns; i++)
            g_string_append(line,
                            bar_piece(layout, share, count, line_no, shade));
        if (is_landmark(b)) {
            append_landmark(line, layout);
            hvb_terminal_colour(line, layout->terminal, colours[level]);
        }
    }
    hvb_terminal_normal(line, layout->terminal);
}

static void append_row_end(GString *line, const Layout *layout,
                           const HvbP3Row *row)
{
    g_autofree char *ms = hvb_text_ms(row->mean_ms);
    g_autofree char *mean = g_strconcat(ms, " ms", NULL);
    g_autofree char *count = g_strdup_printf("%u", row->samples);

    if (row->samples > 0) {
        append_right(line, MEAN_COLUMNS, mean);
        append_right(line, COUNT_COLUMNS, count);
        return;
    }
    hvb_terminal_dim(line, layout->terminal);
    append_right(line, MEAN_COLUMNS + COUNT_COLUMNS, "no sample");
    hvb_terminal_normal(line, layout->terminal);
}

static char *level_line(const Layout *layout, const HvbP3Level *level,
                        const HvbP3Row *row, guint line_no, gboolean current)
{
    const HvbTerminal *terminal = layout->terminal;
    GString *line = g_string_new(NULL);

    if (line_no == 0) {
        const char *mark = !current ? "  " : terminal->utf8 ? "▶ " : "> ";
        if (current)
            hvb_terminal_bold(line, terminal);
        g_string_append_printf(line, "%s%-*s", mark, NAME_COLUMNS - 2,
                               hvb_level_name(level->level));
        hvb_terminal_normal(line, terminal);
    } else {
        append_padding(line, NAME_COLUMNS);
    }
    append_bars(line, layout, level->level, row, line_no);
    if (line_no == 0)
        append_row_end(line, layout, row);
    return g_string_free(line, FALSE);
}

static char *heading_line(const Layout *layout, const HvbP3 *p3)
{
    g_autofree char *title = hvb_text_heading(p3);
    g_autofree char *heading =
        g_strconcat(p3->vantage == WIRE_CLIENT ? "Client side: " : "", title,
                    NULL);
    guint room = NAME_COLUMNS + columns_of(layout, HVB_P3_BINS);
    GString *line = g_string_new(NULL);
    guint width;

    hvb_terminal_bold(line, layout->terminal);
    hvb_terminal_append_printable(line, heading);
    hvb_terminal_clip(line, room);
    hvb_terminal_normal(line, layout->terminal);
    width = hvb_terminal_width(line->str);
    append_padding(line, room - width);
    hvb_terminal_dim(line, layout->terminal);
    append_right(line, MEAN_COLUMNS, "mean");
    append_right(line, COUNT_COLUMNS, "n");
    hvb_terminal_normal(line, layout->terminal);
    return g_string_free(line, FALSE);
}

/* Writes `label` centred at `column` unless it would touch another. */
static void place(char *axis, guint length, guint column, const char *label)
{
    guint n = (guint)strlen(label);
    guint from = column >= n / 2 ? column - n / 2 : 0;

    if (from + n > length)
        return;
    for (guint i = from > 0 ? from - 1 : 0; i < MIN(from + n + 1, length); i++)
        if (axis[i] != ' ')
            return;
    for (guint i = 0; i < n; i++)
        axis[from + i] = label[i];
}

/* The bins' edges, as many as fit; the landmarks first. */
static char *axis_line(const Layout *layout)
{
    static const guint by_importance[] = {0, 8, 3, 6, 1, 10, 4, 7, 9, 2, 5};
    guint length =
        NAME_COLUMNS + columns_of(layout, HVB_P3_BINS) + MEAN_COLUMNS - 2;
    g_autofree char *axis = g_strnfill(length, ' ');
    GString *line = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(by_importance); i++) {
        guint edge = by_importance[i];
        guint column = NAME_COLUMNS + columns_of(layout, edge + 1);
        g_autofree char *label = g_strdup_printf("%u", hvb_p3_edges_ms[edge]);
        place(axis, length, column, label);
    }
    hvb_terminal_dim(line, layout->terminal);
    g_string_append(line, axis);
    g_string_append(line, "ms");
    hvb_terminal_normal(line, layout->terminal);
    return g_string_free(line, FALSE);
}

GPtrArray *hvb_p3_lines(const HvbP3 *p3, const HvbTerminal *terminal,
                        guint height, int current)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    Layout layout;

    layout_for(terminal, height, &layout);
    g_ptr_array_add(lines, heading_line(&layout, p3));
    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, i);
        for (guint l = layout.height; l-- > 0;)
            g_ptr_array_add(lines, level_line(&layout, level,
                                              hvb_p3_headline(p3, level), l,
                                              (int)level->level == current));
    }
    g_ptr_array_add(lines, axis_line(&layout));
    return lines;
}

static gboolean table_is_wide(const HvbTerminal *terminal)
{
    return terminal->columns >= TABLE_COLUMNS;
}

static char *whole_percent(double percent)
{
    return isnan(percent) ? g_strdup(HVB_TEXT_NOTHING)
                          : g_strdup_printf("%.0f", percent);
}

static char *table_row(const HvbP3 *p3, const HvbP3Level *level,
                       const HvbTerminal *terminal)
{
    const HvbP3Row *row = hvb_p3_headline(p3, level);
    gboolean wide = table_is_wide(terminal);
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "  %-8s%7u", hvb_level_name(level->level),
                           row->samples);
    append_figure(line, terminal, 6, hvb_text_ms(row->mean_ms));
    if (wide)
        append_figure(line, terminal, 6, hvb_text_ms(row->p50_ms));
    append_figure(line, terminal, 6, hvb_text_ms(row->p90_ms));
    if (wide)
        append_figure(line, terminal, 6, hvb_text_ms(row->p99_ms));
    append_figure(line, terminal, 6, hvb_text_ms(row->max_ms));
    append_figure(line, terminal, 7, hvb_text_ms(row->spread_ms));
    append_figure(line, terminal, 7, hvb_text_share(row->within_50ms));
    if (wide)
        append_figure(line, terminal, 7, hvb_text_share(row->over_1s));
    append_figure(line, terminal, 6, whole_percent(level->guest_busy_percent));
    append_figure(line, terminal, 5, whole_percent(level->host_busy_percent));
    return g_string_free(line, FALSE);
}

/* What the reader of the row must know besides its figures; NULL: nothing. */
static char *table_remark(const HvbP3 *p3, const HvbP3Level *level)
{
    const HvbP3Row *row = hvb_p3_headline(p3, level);
    const struct {
        guint n;
        const char *what;
    } remarks[] = {
        {level->disturbed, "disturbed or failed cells, left out"},
        {level->suspect, "suspect cells, counted"},
        {level->tally.lost, "samples lost"},
        {row->censored, "samples censored (their delay is a lower bound)"},
        {row->failed, "operations failed"},
    };
    GString *line = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(remarks); i++)
        if (remarks[i].n > 0)
            g_string_append_printf(line, "%s%s: %u", line->len > 0 ? "; " : "",
                                   remarks[i].what, remarks[i].n);
    if (line->len == 0)
        return g_string_free(line, TRUE);
    g_string_prepend(line, ", ");
    g_string_prepend(line, hvb_level_name(level->level));
    g_string_prepend(line, "  ");
    return g_string_free(line, FALSE);
}

GPtrArray *hvb_p3_table(const HvbP3 *p3, const HvbTerminal *terminal)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    GString *head = g_string_new(NULL);

    hvb_terminal_dim(head, terminal);
    g_string_append(head,
                    table_is_wide(terminal)
                        ? "  level  samples  mean   p50   p90   p99   max"
                          " spread  <50ms   >=1s guest host"
                        : "  level  samples  mean   p90   max spread  <50ms"
                          " guest host");
    hvb_terminal_normal(head, terminal);
    g_ptr_array_add(lines, g_string_free(head, FALSE));
    for (guint i = 0; i < p3->levels->len; i++)
        g_ptr_array_add(lines,
                        table_row(p3, &g_array_index(p3->levels, HvbP3Level, i),
                                  terminal));
    for (guint i = 0; i < p3->levels->len; i++) {
        char *remark =
            table_remark(p3, &g_array_index(p3->levels, HvbP3Level, i));
        if (remark)
            g_ptr_array_add(lines, remark);
    }
    return lines;
}
