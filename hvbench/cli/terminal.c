/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NORMAL "\033[0m"

static const char *environment(const char *name)
{
    const char *value = g_getenv(name);

    return value && value[0] != '\0' ? value : NULL;
}

/* By the variables themselves, so that it does not matter whether setlocale()
 * was called. With none set (as in most containers) terminals speak UTF-8. */
static gboolean locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = environment(names[i]);
        g_autofree char *lower = value ? g_ascii_strdown(value, -1) : NULL;
        if (lower)
            return strstr(lower, "utf-8") || strstr(lower, "utf8");
    }
    return TRUE;
}

void hvb_terminal_look(FILE *stream, HvbTerminal *ret_terminal)
{
    const char *term = environment("TERM");
    struct winsize size = {0};
    gboolean can;

    *ret_terminal =
        (HvbTerminal){.utf8 = locale_is_utf8(), .columns = 80, .rows = 24};
    if (!isatty(fileno(stream)))
        return;
    can = term && strcmp(term, "dumb") != 0;
    ret_terminal->redraws = can;
    ret_terminal->colour = can && !environment("NO_COLOR");
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        ret_terminal->columns = MAX(size.ws_col, 20);
        ret_terminal->rows = MAX(size.ws_row, 5);
    }
}

void hvb_terminal_colour(GString *line, const HvbTerminal *terminal,
                         guint colour)
{
    if (terminal->colour)
        g_string_append_printf(line, "\033[38;5;%um", colour);
}

void hvb_terminal_dim(GString *line, const HvbTerminal *terminal)
{
    if (terminal->colour)
        g_string_append(line, "\033[2m");
}

void hvb_terminal_bold(GString *line, const HvbTerminal *terminal)
{
    if (terminal->colour)
        g_string_append(line, "\033[1m");
}

void hvb_terminal_normal(GString *line, const HvbTerminal *terminal)
{
    if (terminal->colour)
        g_string_append(line, NORMAL);
}

/* First byte after an escape sequence. */
static const char *skip_escape(const char *text)
{
    const char *end = strchr(text, 'm');

    return end ? end + 1 : text + strlen(text);
}

static guint width_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

guint hvb_terminal_width(const char *line)
{
    guint columns = 0;

    while (*line != '\0') {
        if (*line == '\033') {
            line = skip_escape(line);
            continue;
        }
        columns += width_of(g_utf8_get_char(line));
        line = g_utf8_next_char(line);
    }
    return columns;
}

void hvb_terminal_clip(GString *line, guint columns)
{
    const char *at = line->str;
    gboolean escaped = FALSE;
    guint used = 0;

    while (*at != '\0') {
        if (*at == '\033') {
            at = skip_escape(at);
            escaped = TRUE;
            continue;
        }
        used += width_of(g_utf8_get_char(at));
        if (used > columns) {
            g_string_truncate(line, (gsize)(at - line->str));
            if (escaped)
                g_string_append(line, NORMAL);
            return;
        }
        at = g_utf8_next_char(at);
    }
}

/* Bytes of `text` that fit into `columns`, one character at least. */
static gsize fitting(const char *text, guint columns)
{
    const char *at = text;
    guint used = 0;

    while (*at != '\0') {
        used += width_of(g_utf8_get_char(at));
        if (used > columns && at > text)
            break;
        at = g_utf8_next_char(at);
    }
    return (gsize)(at - text);
}

/* Appends the word to a line with nothing in it but its prefix, in pieces.
 * Returns the column at which the last of them ends. */
static guint append_pieces(GString *lines, guint at, const char *prefix,
                           const char *word, guint columns)
{
    guint room = columns > at ? columns - at : 1;

    while (hvb_terminal_width(word) > room) {
        gsize n = fitting(word, room);
        g_string_append_len(lines, word, (gssize)n);
        word += n;
        if (*word != '\0')
            g_string_append_printf(lines, "\n%s", prefix);
    }
    g_string_append(lines, word);
    return at + hvb_terminal_width(word);
}

void hvb_terminal_append_wrapped(GString *lines, guint at, const char *prefix,
                                 const char *text, guint columns)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint start = hvb_terminal_width(prefix);
    guint space = 0; /* before the next word of the line */

    for (char **word = words; *word; word++) {
        guint width = hvb_terminal_width(*word);
        if (at + space + width > columns && at > start) {
            g_string_append_printf(lines, "\n%s", prefix);
            at = start;
            space = 0;
        }
        if (space > 0)
            g_string_append_c(lines, ' ');
        if (at == start)
            at = append_pieces(lines, at, prefix, *word, columns);
        else {
            g_string_append(lines, *word);
            at += space + width;
        }
        space = 1;
    }
}

void hvb_terminal_append_printable(GString *line, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(line, g_unichar_iscntrl(c) ? '?' : c);
    }
}
