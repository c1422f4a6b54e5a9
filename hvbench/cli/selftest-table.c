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

static guint count(const GPtrArray *answers, HvbAnswerVerdict verdict)
{
    guint n = 0;

    for (guint i = 0; i < answers->len; i++)
        n += ((const HvbAnswer *)answers->pdata[i])->verdict == verdict;
    return n;
}

int hvb_selftest_table_conclude(FILE *stream, const GPtrArray *answers)
{
    guint wrong = count(answers, HVB_ANSWER_WRONG);
    guint host = count(answers, HVB_ANSWER_HOST_NOISE);
    guint translator = count(answers, HVB_ANSWER_TRANSLATOR_NOISE);

    if (wrong > 0)
        fprintf(stream,
                "%u of %u answers are not right, %u of them whatever the "
                "noise: do not trust what hvbench\nmeasures here before you "
                "know why.\n",
                wrong + host + translator, answers->len, wrong);
    else if (host + translator > 0)
        fprintf(stream,
                "%u of %u answers are not right, for noise of %s: nothing can "
                "be said of hvbench\nby them. Make the checks again when "
                "nothing else runs.\n",
                host + translator, answers->len,
                translator == 0 ? "the host"
                : host == 0     ? "the translator"
                                : "the host and its translator");
    else
        fprintf(stream,
                "All %u answers are right: on this machine hvbench measures "
                "what it says.\n",
                answers->len);
    if (answers->len == 0 || wrong > 0)
        return HVB_EXIT_FAILED;
    return host + translator > 0 ? HVB_EXIT_HOST : HVB_EXIT_OK;
}
