/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/claims-lines.h"

#include "hvbench/cli/terminal.h"
#include "hvbench/report/findings.h"
#include "hvbench/report/text.h"

#include <math.h>
#include <string.h>

#define ID_COLUMNS 5
#define VERDICT_COLUMNS 16
#define TEXT_COLUMN (ID_COLUMNS + VERDICT_COLUMNS)
#define MIN_COLUMNS 60
#define MAX_COLUMNS 100
#define NAME_COLUMNS 21
#define LEVEL_COLUMNS 9

/* Of the 256 of a terminal; each is readable on black and on white. */
enum { GREEN = 35, RED = 160, YELLOW = 136, BLUE = 67 };

static guint colour_of(HvbVerdict verdict)
{
    return verdict == HVB_VERDICT_REPRODUCED       ? GREEN
           : verdict == HVB_VERDICT_NOT_REPRODUCED ? RED
                                                   : YELLOW;
}

static void append_padded(GString *line, guint columns, const char *text)
{
    guint width = hvb_terminal_width(text);

    g_string_append(line, text);
    for (guint i = width; i < columns; i++)
        g_string_append_c(line, ' ');
}

/* Text of a terminal that may know ASCII only, printable. */
static char *shown_text(const HvbTerminal *terminal, const char *text)
{
    g_autoptr(GString) printable = g_string_new(NULL);

    hvb_terminal_append_printable(printable, text);
    return terminal->utf8 ? g_strdup(printable->str)
                          : g_str_to_ascii(printable->str, "C");
}

/* A paragraph that stands beside id and verdict. */
static void append_paragraph(GString *lines, const HvbTerminal *terminal,
                             const char *text)
{
    g_autofree char *shown = shown_text(terminal, text);
    guint columns = CLAMP(terminal->columns, MIN_COLUMNS, MAX_COLUMNS) - 1;

    g_autofree char *indent = g_strnfill(TEXT_COLUMN, ' ');
    hvb_terminal_append_wrapped(lines, TEXT_COLUMN, indent, shown, columns);
}

static void append_claim(GString *lines, const HvbTerminal *terminal,
                         const HvbClaim *claim)
{
    append_padded(lines, ID_COLUMNS, claim->id);
    hvb_terminal_colour(lines, terminal, colour_of(claim->verdict));
    append_padded(lines, VERDICT_COLUMNS, hvb_verdict_name(claim->verdict));
    hvb_terminal_normal(lines, terminal);
    append_paragraph(lines, terminal, claim->words);
    if (claim->why) {
        g_string_append_c(lines, '\n');
        append_padded(lines, TEXT_COLUMN, "");
        hvb_terminal_dim(lines, terminal);
        append_paragraph(lines, terminal, claim->why);
        hvb_terminal_normal(lines, terminal);
    }
    g_string_append_c(lines, '\n');
}

static void append_untested(GString *lines, const HvbTerminal *terminal,
                            GPtrArray *claims)
{
    g_autofree char *ids = hvb_claims_untested(claims);
    g_autofree char *text = NULL;

    if (!ids)
        return;
    text = g_strdup_printf("since their scenarios were not run: %s.", ids);
    append_padded(lines, TEXT_COLUMN, "     not tested");
    append_paragraph(lines, terminal, text);
    g_string_append_c(lines, '\n');
}

void hvb_claims_print(FILE *stream, GPtrArray *claims)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autofree char *count = hvb_claims_count(claims);
    HvbTerminal terminal;

    hvb_terminal_look(stream, &terminal);
    for (guint c = 0; c < claims->len; c++)
        if (!((const HvbClaim *)claims->pdata[c])->untested)
            append_claim(lines, &terminal, claims->pdata[c]);
    append_untested(lines, &terminal, claims);
    g_string_append_printf(lines, "\n%s\n", count);
    fputs(lines->str, stream);
    fflush(stream);
}

static guint colour_of_delay(double ms)
{
    return ms < 50 ? BLUE : ms < 1000 ? YELLOW : RED;
}

static void append_delay(GString *line, const HvbTerminal *terminal,
                         const HvbP3 *p3, HvbLevel which)
{
    for (guint i = 0; i < p3->levels->len; i++) {
        const HvbP3Level *level = &g_array_index(p3->levels, HvbP3Level, i);
        double mean_ms = hvb_p3_headline(p3, level)->mean_ms;
        g_autofree char *text = hvb_text_ms(mean_ms);
        if (level->level != which)
            continue;
        for (guint c = hvb_terminal_width(text); c < LEVEL_COLUMNS; c++)
            g_string_append_c(line, ' ');
        if (!isnan(mean_ms))
            hvb_terminal_colour(line, terminal, colour_of_delay(mean_ms));
        g_string_append(line, isnan(mean_ms) && !terminal->utf8 ? "-" : text);
        hvb_terminal_normal(line, terminal);
        return;
    }
    append_padded(line, LEVEL_COLUMNS, "");
}

void hvb_p3_print_compact(FILE *stream, GPtrArray *p3s)
{
    g_autoptr(GPtrArray) ordered = hvb_findings_order(p3s);
    g_autoptr(GString) lines = g_string_new(NULL);
    HvbTerminal terminal;

    hvb_terminal_look(stream, &terminal);
    hvb_terminal_dim(lines, &terminal);
    append_padded(lines, NAME_COLUMNS, "mean delay, ms");
    for (guint level = 0; level < HVB_N_LEVELS; level++)
        g_string_append_printf(lines, "%*s", LEVEL_COLUMNS,
                               hvb_level_name(level));
    hvb_terminal_normal(lines, &terminal);
    g_string_append_c(lines, '\n');
    for (guint p = 0; p < ordered->len; p++) {
        const HvbP3 *p3 = ordered->pdata[p];
        append_padded(lines, NAME_COLUMNS, p3->scenario);
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            append_delay(lines, &terminal, p3, (HvbLevel)level);
        g_string_append_c(lines, '\n');
    }
    fputs(lines->str, stream);
    fflush(stream);
}
