/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/selftest-table.h"

#include "hvbench/cli/commands.h"

#include <string.h>

#define N_COLUMNS 6

static const char *column(const HvbAnswer *answer, guint i)
{
    const char *const texts[N_COLUMNS] = {
        answer->what,     answer->expected,
        answer->measured, answer->error,
        answer->limit,    hvb_answer_verdict_name(answer->verdict),
    };

    return texts[i];
}

static void print_row(FILE *stream, const char *const *texts,
                      const guint *widths)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (guint i = 0; i < N_COLUMNS; i++)
        g_string_append_printf(line, "  %-*s", (int)widths[i], texts[i]);
    fprintf(stream, "%s\n", g_strchomp(line->str));
}

/* May be NULL, and may have several lines. */
static void print_remark(FILE *stream, const char *remark)
{
    g_auto(GStrv) lines = g_strsplit(remark ? remark : "", "\n", 0);

    for (char **line = lines; *line; line++)
        fprintf(stream, "      %s\n", *line);
}

static void print_answer(FILE *stream, const HvbAnswer *answer,
                         const guint *widths)
{
    const char *texts[N_COLUMNS];

    for (guint i = 0; i < N_COLUMNS; i++)
        texts[i] = column(answer, i);
    print_row(stream, texts, widths);
    print_remark(stream, answer->remark);
}

static void print_check(FILE *stream, char letter)
{
    const HvbCheckInfo *info;

    for (guint i = 0; (info = hvb_selftest_check(i)); i++)
        if (info->letter == letter)
            fprintf(stream, "%c %s\n", letter, info->summary);
}

void hvb_selftest_table_print(FILE *stream, const GPtrArray *answers)
{
    static const char *const heads[N_COLUMNS] = {"",         "expected",
                                                 "measured", "error",
                                                 "limit",    "verdict"};
    guint widths[N_COLUMNS];
    char letter = '\0';

    for (guint c = 0; c < N_COLUMNS; c++) {
        widths[c] = (guint)strlen(heads[c]);
        for (guint i = 0; i < answers->len; i++)
            widths[c] =
                MAX(widths[c], (guint)strlen(column(answers->pdata[i], c)));
    }
    print_row(stream, heads, widths);
    for (guint i = 0; i < answers->len; i++) {
        const HvbAnswer *answer = answers->pdata[i];
        if (answer->check != letter)
            print_check(stream, answer->check);
        letter = answer->check;
        print_answer(stream, answer, widths);
    }
}

int hvb_selftest_table_conclude(FILE *stream, const GPtrArray *answers)
{
    guint bad = 0;

    for (guint i = 0; i < answers->len; i++)
        if (((const HvbAnswer *)answers->pdata[i])->verdict != HVB_ANSWER_RIGHT)
            bad++;
    if (bad > 0)
        fprintf(stream,
                "%u of %u answers are not right: do not trust what hvbench "
                "measures here\nbefore you know why.\n",
                bad, answers->len);
    else
        fprintf(stream,
                "All %u answers are right: on this machine hvbench measures "
                "what it says.\n",
                answers->len);
    return answers->len > 0 && bad == 0 ? HVB_EXIT_OK : HVB_EXIT_FAILED;
}
