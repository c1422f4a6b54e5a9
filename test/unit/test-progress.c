/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run shows while it goes on, and its tables. */
#include "hvbench/cli/p3-lines.h"
#include "hvbench/cli/progress.h"
#include "hvbench/cli/scenario-lines.h"
#include "test/suites.h"
#include "test/unit/report-set.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ESCAPE '\033'
#define SHOW_CURSOR "\033[?25h"

/* All that is printed to one end of a pipe or pseudo-terminal. */
typedef struct {
    FILE *stream;
    int far_end;
} Output;

static Output open_pipe(void)
{
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    return (Output){fdopen(ends[1], "w"), ends[0]};
}

/* FALSE: there are none here, the test is skipped. */
static gboolean open_terminal(Output *ret)
{
    struct winsize size = {.ws_col = 80, .ws_row = 30};
    int master, slave;

    if (openpty(&master, &slave, NULL, NULL, &size) != 0) {
        test_skip("needs pseudo-terminals: /dev/ptmx and /dev/pts");
        return FALSE;
    }
    *ret = (Output){fdopen(slave, "w"), master};
    return TRUE;
}

/* Closes the output and returns what arrived. Caller frees. */
static char *collect(Output *output)
{
    GString *text = g_string_new(NULL);
    char bytes[4096];
    ssize_t n;

    fflush(output->stream);
    fcntl(output->far_end, F_SETFL, O_NONBLOCK);
    while ((n = read(output->far_end, bytes, sizeof bytes)) > 0)
        g_string_append_len(text, bytes, n);
    fclose(output->stream);
    close(output->far_end);
    return g_string_free(text, FALSE);
}

static void show_something(FILE *stream)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(HvbProgress) progress = hvb_progress_new(stream);

    hvb_progress_phase(progress, "booting guests");
    hvb_progress_phase(progress, "booting guests");
    hvb_progress_plan(progress, 0, 2, 120);
    hvb_progress_note(progress, "first %s", "note");
    hvb_progress_p3(progress, report_set_p3(set, 0), HVB_LEVEL_NONE);
    hvb_progress_p3(progress, report_set_p3(set, 0), HVB_LEVEL_NONE);
    hvb_progress_plan(progress, 1, 2, 60);
    hvb_progress_plan(progress, 1, 2, 55);
    hvb_progress_note(progress, "second note");
}

static char *shown_on(Output output)
{
    show_something(output.stream);
    return collect(&output);
}

static void test_progress_to_a_pipe_has_no_escape_codes(void)
{
    g_autofree char *text = shown_on(open_pipe());

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "first note\n"));
    CU_ASSERT_PTR_NULL(strchr(text, ESCAPE));
    CU_ASSERT_PTR_NULL(strchr(text, '\r'));
}

static void test_progress_to_a_pipe_keeps_the_order_and_repeats_nothing(void)
{
    g_autofree char *text = shown_on(open_pipe());

    CU_ASSERT_STRING_EQUAL(text, "booting guests\n"
                                 "[0/2] about 2 min left\n"
                                 "first note\n"
                                 "[1/2] about 60 s left\n"
                                 "second note\n");
}

static void test_progress_makes_notes_printable(void)
{
    Output output = open_pipe();
    HvbProgress *progress = hvb_progress_new(output.stream);

    hvb_progress_note(progress, "guest says \033[2J\nhello\302\233");
    hvb_progress_free(progress);
    g_autofree char *text = collect(&output);
    CU_ASSERT_STRING_EQUAL(text, "guest says ?[2J?hello?\n");
}

static void test_progress_on_a_terminal_leaves_the_cursor_visible(void)
{
    Output output;

    if (!open_terminal(&output))
        return;
    g_setenv("TERM", "xterm", TRUE);
    g_autofree char *text = shown_on(output);
    const char *hidden = g_strrstr(text, "\033[?25l");

    CU_ASSERT_PTR_NOT_NULL(hidden);
    CU_ASSERT_PTR_NOT_NULL(hidden ? strstr(hidden, SHOW_CURSOR) : NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Figure 9: A title"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[38;5;"));
}

/* Up from below the last picture, and all below cleared. */
static void test_progress_takes_its_picture_off_the_screen_at_the_end(void)
{
    HvbProgress *progress;
    Output output;

    if (!open_terminal(&output))
        return;
    g_setenv("TERM", "xterm", TRUE);
    progress = hvb_progress_new(output.stream);
    hvb_progress_plan(progress, 0, 2, 120);
    hvb_progress_note(progress, "a note stays");
    hvb_progress_free(progress);
    g_autofree char *text = collect(&output);
    CU_ASSERT_TRUE(g_str_has_suffix(text, "\033[1A\r\033[J"));
}

static void test_progress_on_a_terminal_respects_no_color(void)
{
    Output output;

    if (!open_terminal(&output))
        return;
    g_setenv("TERM", "xterm", TRUE);
    g_setenv("NO_COLOR", "1", TRUE);
    g_autofree char *text = shown_on(output);
    g_unsetenv("NO_COLOR");

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Figure 9: A title"));
    CU_ASSERT_PTR_NULL(strstr(text, "\033[38;"));
    CU_ASSERT_PTR_NULL(strstr(text, "\033[0m"));
}

static void test_progress_on_a_dumb_terminal_has_no_escape_codes(void)
{
    Output output;

    if (!open_terminal(&output))
        return;
    g_setenv("TERM", "dumb", TRUE);
    g_autofree char *text = shown_on(output);

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "first note"));
    CU_ASSERT_PTR_NULL(strchr(text, ESCAPE));
}

static HvbTerminal make_terminal(guint columns, gboolean utf8)
{
    return (HvbTerminal){.colour = utf8,
                         .utf8 = utf8,
                         .columns = columns,
                         .rows = 24};
}

static guint widest(GPtrArray *lines)
{
    guint columns = 0;

    for (guint i = 0; i < lines->len; i++)
        columns = MAX(columns, hvb_terminal_width(lines->pdata[i]));
    return columns;
}

static void test_progress_fits_any_width_from_60_columns(void)
{
    g_autoptr(ReportSet) set = report_set_new();

    for (guint columns = 60; columns <= 200; columns++) {
        HvbTerminal terminal = make_terminal(columns, columns % 2 == 0);
        g_autoptr(GPtrArray) lines =
            hvb_p3_lines(report_set_p3(set, 0), &terminal, 2,
                         HVB_LEVEL_OVERLOAD);
        CU_ASSERT_TRUE(widest(lines) < columns);
    }
}

static void test_progress_table_fits_its_width(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbTerminal narrow = make_terminal(60, TRUE);
    HvbTerminal wide = make_terminal(80, TRUE);
    g_autoptr(GPtrArray) few = hvb_p3_table(report_set_p3(set, 0), &narrow);
    g_autoptr(GPtrArray) all = hvb_p3_table(report_set_p3(set, 0), &wide);

    CU_ASSERT_TRUE(widest(few) <= 60);
    CU_ASSERT_TRUE(widest(all) <= 80);
    CU_ASSERT_PTR_NULL(strstr(few->pdata[0], "p99"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all->pdata[0], "p99"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all->pdata[1], "2400"));
}

static char *printed(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    Output output = open_pipe();

    hvb_progress_print_p3(output.stream, report_set_p3(set, 0));
    return collect(&output);
}

static void test_progress_prints_every_level(void)
{
    g_autofree char *text = printed();

    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Figure 9: A title"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  None         10"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  Overload      0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "no sample"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "left out: 1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "60 %"));
    CU_ASSERT_PTR_NULL(strstr(text, "nan"));
    CU_ASSERT_PTR_NULL(strchr(text, ESCAPE));
}

static void test_progress_in_ascii_where_the_locale_asks_for_it(void)
{
    g_autofree char *before = g_strdup(g_getenv("LC_ALL"));
    gboolean ascii = TRUE;

    g_setenv("LC_ALL", "C", TRUE);
    g_autofree char *text = printed();
    if (before)
        g_setenv("LC_ALL", before, TRUE);
    else
        g_unsetenv("LC_ALL");
    for (const char *c = text; *c != '\0'; c++)
        ascii = ascii && (guchar)*c < 0x80;
    CU_ASSERT_TRUE(ascii);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  Overload      0"));
}

static void test_terminal_tells_how_far_figures_may_be_believed(void)
{
    const HvbTerminal terminal = {.utf8 = TRUE, .columns = 80};
    g_autoptr(ReportSet) set = report_set_paper();
    g_autoptr(GString) all = g_string_new(NULL);

    for (guint s = 0; s < REPORT_SET_SCENARIOS; s++) {
        g_autoptr(GPtrArray) lines =
            hvb_scenario_lines(set->run, s, report_set_p3(set, s), &terminal);
        for (guint i = 0; i < lines->len; i++) {
            CU_ASSERT_TRUE(hvb_terminal_width(lines->pdata[i]) <= 79);
            g_string_append_printf(all, "%s\n", (char *)lines->pdata[i]);
        }
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(all->str,
                                  "  1632 scheduled = 1625 measured + 7 "
                                  "censored + 0 failed + 0 lost\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all->str, "Noticed, 50 ms above None"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all->str, "host - guest (95 %)"));
    CU_ASSERT_PTR_NULL(strstr(all->str, "nan"));
}

static void test_clipped_line_ends_in_normal_colour(void)
{
    g_autoptr(GString) line = g_string_new("\033[38;5;62m▇▇▇ tail");

    hvb_terminal_clip(line, 2);
    CU_ASSERT_STRING_EQUAL(line->str, "\033[38;5;62m▇▇\033[0m");
}

static void expect_wrapped(guint at, const char *prefix, const char *text,
                           const char *expected)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    hvb_terminal_append_wrapped(lines, at, prefix, text, 10);
    CU_ASSERT_STRING_EQUAL(lines->str, expected);
}

static void test_text_is_broken_between_words(void)
{
    expect_wrapped(0, "", "one two three", "one two\nthree");
    expect_wrapped(0, "", "one two 34", "one two 34");
    expect_wrapped(2, "  ", "one two three", "one two\n  three");
    expect_wrapped(9, "* ", "one two", "\n* one two");
    expect_wrapped(2, "  ",
                   "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4",
                   "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4");
    expect_wrapped(0, "", "", "");
}

static void test_word_longer_than_a_line_is_broken_itself(void)
{
    expect_wrapped(2, "  ", "abcdefghijklmnopqr s",
                   "abcdefgh\n  ijklmnop\n  qr s");
    expect_wrapped(6, "  ", "abcdefghij", "\n  abcdefgh\n  ij");
    /* Not even a character fits. */
    expect_wrapped(12, "            ", "ab", "a\n            b");
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_progress[] = {
    TEST(progress_to_a_pipe_has_no_escape_codes),
    TEST(progress_to_a_pipe_keeps_the_order_and_repeats_nothing),
    TEST(progress_makes_notes_printable),
    TEST(progress_on_a_terminal_leaves_the_cursor_visible),
    TEST(progress_takes_its_picture_off_the_screen_at_the_end),
    TEST(progress_on_a_terminal_respects_no_color),
    TEST(progress_on_a_dumb_terminal_has_no_escape_codes),
    TEST(progress_fits_any_width_from_60_columns),
    TEST(progress_table_fits_its_width),
    TEST(progress_prints_every_level),
    TEST(progress_in_ascii_where_the_locale_asks_for_it),
    TEST(terminal_tells_how_far_figures_may_be_believed),
    TEST(clipped_line_ends_in_normal_colour),
    TEST(text_is_broken_between_words),
    TEST(word_longer_than_a_line_is_broken_itself),
    TEST_END,
};
