/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/scenario-lines.h"

#include "hvbench/cli/progress.h"
#include "hvbench/report/findings.h"
#include "hvbench/report/text.h"

/* Takes the text over; NULL is no line. */
static void add_line(GPtrArray *lines, char *text)
{
    if (text)
        g_ptr_array_add(lines, g_strconcat("  ", text, NULL));
    g_free(text);
}

static char *tally_line(const HvbTally *tally)
{
    if (tally->scheduled == 0)
        return NULL;
    return g_strdup_printf("%u scheduled %s %u measured + %u censored + %u "
                           "failed + %u lost",
                           tally->scheduled,
                           hvb_tally_is_whole(tally) ? "=" : "IS NOT",
                           tally->measured, tally->censored, tally->failed,
                           tally->lost);
}

static char *vantage_line(const HvbVantageRow *row)
{
    g_autofree char *server = hvb_text_ms(row->mean_ms[WIRE_SERVER]);
    g_autofree char *client = hvb_text_ms(row->mean_ms[WIRE_CLIENT]);
    g_autofree char *difference = hvb_text_interval(&row->difference);
    g_autofree char *send = hvb_text_ms(row->late_send_ms);

    return g_strdup_printf("%-8s %9s %8s  %24s %12s",
                           hvb_level_name(row->level), server, client,
                           difference, send);
}

static void add_vantages(GPtrArray *lines, const GArray *rows,
                         const HvbTerminal *terminal)
{
    GString *head = g_string_new(NULL);

    hvb_terminal_dim(head, terminal);
    g_string_append_printf(head, "%-8s %9s %8s  %24s %12s", "mean, ms",
                           "by guest", "by host", "host - guest (95 %)",
                           "latest send");
    hvb_terminal_normal(head, terminal);
    add_line(lines, g_string_free(head, FALSE));
    for (guint i = 0; i < rows->len; i++)
        add_line(lines, vantage_line(&g_array_index(rows, HvbVantageRow, i)));
}

GPtrArray *hvb_scenario_lines(const HvbRunRecord *run, guint scenario,
                              const HvbP3 *p3, const HvbTerminal *terminal)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    const HvbTally tally = hvb_p3_tally(p3);
    const HvbOnset onset = hvb_onset_find(run, scenario);
    g_autoptr(GArray) vantages = hvb_vantages_compare(run, scenario);

    add_line(lines, tally_line(&tally));
    add_line(lines, hvb_onset_describe(&onset));
    if (vantages->len > 0)
        add_vantages(lines, vantages, terminal);
    return lines;
}

void hvb_scenario_print(FILE *stream, const HvbRunRecord *run, guint scenario,
                        const HvbP3 *p3)
{
    g_autoptr(GPtrArray) lines = NULL;
    HvbTerminal terminal;

    hvb_terminal_look(stream, &terminal);
    lines = hvb_scenario_lines(run, scenario, p3, &terminal);
    hvb_progress_print_p3(stream, p3);
    for (guint i = 0; i < lines->len; i++)
        fprintf(stream, "%s\n", (const char *)lines->pdata[i]);
    fprintf(stream, "\n");
    fflush(stream);
}
