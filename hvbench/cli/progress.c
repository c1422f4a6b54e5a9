/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/progress.h"

#include "hvbench/cli/p3-lines.h"

#include <string.h>

#define REDRAW_INTERVAL_US 100000
#define ROWS_FOR_TWO_LINES_PER_LEVEL 22
#define BAR_COLUMNS 24

struct _HvbProgress {
    FILE *stream;
    HvbTerminal terminal;
    char *phase;
    guint done, all, rest_s;
    const HvbP3 *p3;
    int current;

    GArray *drawn;      /* guint: columns of each line on the screen */
    gint64 drawn_us;    /* when */
    guint redraw_timer; /* a change waits for the interval to pass; 0: none */
};

HvbProgress *hvb_progress_new(FILE *stream)
{
    HvbProgress *progress = g_new0(HvbProgress, 1);

    progress->stream = stream;
    progress->current = -1;
    progress->drawn = g_array_new(FALSE, FALSE, sizeof(guint));
    hvb_terminal_look(stream, &progress->terminal);
    return progress;
}

/* "about 5 min left" */
static char *rest_text(guint rest_s)
{
    if (rest_s >= 90)
        return g_strdup_printf("about %u min left", (rest_s + 30) / 60);
    return g_strdup_printf("about %u s left", rest_s);
}

static char *plan_line(const HvbProgress *progress)
{
    const HvbTerminal *terminal = &progress->terminal;
    g_autofree char *rest = rest_text(progress->rest_s);
    guint done = MIN(progress->done, progress->all);
    guint filled = done * BAR_COLUMNS / progress->all;
    GString *line = g_string_new("  ");

    for (guint i = 0; i < BAR_COLUMNS; i++) {
        if (i == filled)
            hvb_terminal_dim(line, terminal);
        if (terminal->utf8)
            g_string_append(line, i < filled ? "━" : "─");
        else
            g_string_append_c(line, i < filled ? '=' : '-');
    }
    hvb_terminal_normal(line, terminal);
    g_string_append_printf(line, "  %u of %u cells%s%s", done, progress->all,
                           done < progress->all ? ", " : "",
                           done < progress->all ? rest : "");
    return g_string_free(line, FALSE);
}

static GPtrArray *block_lines(const HvbProgress *progress)
{
    const HvbTerminal *terminal = &progress->terminal;
    guint height = terminal->rows >= ROWS_FOR_TWO_LINES_PER_LEVEL ? 2 : 1;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    if (progress->phase) {
        GString *line = g_string_new("  ");
        hvb_terminal_append_printable(line, progress->phase);
        g_ptr_array_add(lines, g_string_free(line, FALSE));
    }
    if (progress->all > 0)
        g_ptr_array_add(lines, plan_line(progress));
    if (progress->p3) {
        g_ptr_array_add(lines, g_strdup(""));
        g_ptr_array_extend_and_steal(lines,
                                     hvb_p3_lines(progress->p3, terminal,
                                                  height, progress->current));
    }
    return lines;
}

/* Appends what takes the cursor to the block's first line. After a resize the
 * terminal has broken the longer lines anew. */
static void append_return(GString *out, HvbProgress *progress)
{
    guint up = 0;

    for (guint i = 0; i < progress->drawn->len; i++) {
        guint columns = g_array_index(progress->drawn, guint, i);
        up +=
            1 + (columns > 0 ? (columns - 1) / progress->terminal.columns : 0);
    }
    if (up > 0)
        g_string_append_printf(out, "\033[%uA",
                               MIN(up, progress->terminal.rows - 1));
    g_string_append_c(out, '\r');
    g_array_set_size(progress->drawn, 0);
}

/* Appends the block and remembers what it took. Lines that would not fit on
 * the screen are left out: what has scrolled away cannot be redrawn. */
static void append_block(GString *out, HvbProgress *progress)
{
    g_autoptr(GPtrArray) lines = block_lines(progress);

    for (guint i = 0; i < lines->len && i < progress->terminal.rows - 1; i++) {
        g_autoptr(GString) line = g_string_new(lines->pdata[i]);
        guint columns;

        hvb_terminal_clip(line, progress->terminal.columns - 1);
        columns = hvb_terminal_width(line->str);
        g_array_append_val(progress->drawn, columns);
        g_string_append_printf(out, "%s\033[K\n", line->str);
    }
}

/* Redraws at once, below `note` if there is one: over the old picture, then
 * clears what is left of it, so that nothing flickers. All in one write, and
 * the cursor shown again at its end: whatever ends the program in between
 * leaves the terminal usable. */
static void redraw(HvbProgress *progress, const char *note)
{
    g_autoptr(GString) out = g_string_new("\033[?25l");

    g_clear_handle_id(&progress->redraw_timer, g_source_remove);
    hvb_terminal_look(progress->stream, &progress->terminal);
    append_return(out, progress);
    if (note)
        g_string_append_printf(out, "%s\033[K\n", note);
    append_block(out, progress);
    g_string_append(out, "\033[J\033[?25h");
    fwrite(out->str, 1, out->len, progress->stream);
    fflush(progress->stream);
    progress->drawn_us = g_get_monotonic_time();
}

static void erase(HvbProgress *progress)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_clear_handle_id(&progress->redraw_timer, g_source_remove);
    if (progress->drawn->len == 0)
        return;
    hvb_terminal_look(progress->stream, &progress->terminal);
    append_return(out, progress);
    g_string_append(out, "\033[J");
    fwrite(out->str, 1, out->len, progress->stream);
    fflush(progress->stream);
}

static gboolean on_redraw_timer(gpointer user_data)
{
    HvbProgress *progress = user_data;

    progress->redraw_timer = 0;
    redraw(progress, NULL);
    return G_SOURCE_REMOVE;
}

/* Redraws now, or as soon as the interval since the last time has passed. */
static void changed(HvbProgress *progress)
{
    gint64 since = g_get_monotonic_time() - progress->drawn_us;

    if (!progress->terminal.redraws || progress->redraw_timer != 0)
        return;
    if (since >= REDRAW_INTERVAL_US)
        redraw(progress, NULL);
    else
        progress->redraw_timer =
            g_timeout_add((guint)(REDRAW_INTERVAL_US - since) / 1000 + 1,
                          on_redraw_timer, progress);
}

void hvb_progress_free(HvbProgress *progress)
{
    if (!progress)
        return;
    erase(progress);
    g_array_unref(progress->drawn);
    g_free(progress->phase);
    g_free(progress);
}

static void print_line(HvbProgress *progress, const char *text)
{
    fprintf(progress->stream, "%s\n", text);
    fflush(progress->stream);
}

void hvb_progress_note(HvbProgress *progress, const char *format, ...)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    hvb_terminal_append_printable(line, text);
    if (progress->terminal.redraws)
        redraw(progress, line->str);
    else
        print_line(progress, line->str);
}

void hvb_progress_phase(HvbProgress *progress, const char *format, ...)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (g_strcmp0(text, progress->phase) == 0)
        return;
    hvb_terminal_append_printable(line, text);
    if (!progress->terminal.redraws)
        print_line(progress, line->str);
    g_free(progress->phase);
    progress->phase = g_steal_pointer(&text);
    changed(progress);
}

static void print_plan(HvbProgress *progress)
{
    g_autofree char *rest = rest_text(progress->rest_s);

    fprintf(progress->stream, "[%u/%u]%s%s\n", progress->done, progress->all,
            progress->done < progress->all ? " " : "",
            progress->done < progress->all ? rest : "");
    fflush(progress->stream);
}

void hvb_progress_plan(HvbProgress *progress, guint done, guint all,
                       guint rest_s)
{
    gboolean news = done != progress->done || all != progress->all;

    progress->done = done;
    progress->all = all;
    progress->rest_s = rest_s;
    if (news && !progress->terminal.redraws)
        print_plan(progress);
    changed(progress);
}

void hvb_progress_p3(HvbProgress *progress, const HvbP3 *p3, int current)
{
    progress->p3 = p3;
    progress->current = current;
    changed(progress);
}

void hvb_progress_print_p3(FILE *stream, const HvbP3 *p3)
{
    HvbTerminal terminal;

    hvb_terminal_look(stream, &terminal);
    g_autoptr(GPtrArray) lines = hvb_p3_lines(p3, &terminal, 2, -1);
    g_autoptr(GPtrArray) table = hvb_p3_table(p3, &terminal);

    for (guint i = 0; i < lines->len; i++)
        fprintf(stream, "%s\n", (const char *)lines->pdata[i]);
    fprintf(stream, "\n");
    for (guint i = 0; i < table->len; i++)
        fprintf(stream, "%s\n", (const char *)table->pdata[i]);
    fflush(stream);
}
