/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminal: what the stream that a command prints to can show. */
#ifndef HVB_CLI_TERMINAL_H
#define HVB_CLI_TERMINAL_H

#include <glib.h>
#include <stdio.h>

typedef struct {
    gboolean redraws; /* a terminal whose cursor can be moved */
    gboolean colour;  /* 256 colours; FALSE also if NO_COLOR is set */
    gboolean utf8;    /* FALSE if the locale names another encoding */
    guint columns;    /* at least 20; 80 for what is no terminal */
    guint rows;       /* at least 5 */
} HvbTerminal;

/* Cheap enough to be asked anew for each picture: it may have been resized. */
void hvb_terminal_look(FILE *stream, HvbTerminal *ret_terminal);

/* Appends the escape sequence for a colour of the 256, dim or bold text, or
 * back to normal; nothing without colour. */
void hvb_terminal_colour(GString *line, const HvbTerminal *terminal,
                         guint colour);
void hvb_terminal_dim(GString *line, const HvbTerminal *terminal);
void hvb_terminal_bold(GString *line, const HvbTerminal *terminal);
void hvb_terminal_normal(GString *line, const HvbTerminal *terminal);

/* Columns that a line takes, escape sequences of the above not counted. */
guint hvb_terminal_width(const char *line);
/* Cuts a line after `columns`. */
void hvb_terminal_clip(GString *line, guint columns);

/* Appends `text` to what ends at column `at` of a line, broken between words so
 * that no line gets longer than `columns`; each further one begins with
 * `prefix`. Only a word that is longer than a line is broken itself. */
void hvb_terminal_append_wrapped(GString *lines, guint at, const char *prefix,
                                 const char *text, guint columns);

/* Appends `text` with what would move the cursor or end the line as '?'. */
void hvb_terminal_append_printable(GString *line, const char *text);

#endif
