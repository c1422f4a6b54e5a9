/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/checkup.h"

#include <string.h>
#include <unistd.h>

#define RESET "\033[0m"
#define CLEAR_LINE "\r\033[K"
#define INDENT "      "

static const struct {
    const char *word;
    const char *colour;
} statuses[HVB_N_CHECK_STATUSES] = {
    [HVB_CHECK_OK] = {"ok", "\033[32m"},
    [HVB_CHECK_WARN] = {"warn", "\033[33m"},
    [HVB_CHECK_FAIL] = {"FAIL", "\033[1;31m"},
};

HvbCheck hvb_check_new(HvbCheckStatus status, const char *what,
                       const char *remedy, const char *format, ...)
{
    HvbCheck check = {status, what, NULL, g_strdup(remedy)};
    va_list arguments;

    va_start(arguments, format);
    check.finding = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return check;
}

void hvb_check_clear(HvbCheck *check)
{
    g_clear_pointer(&check->finding, g_free);
    g_clear_pointer(&check->remedy, g_free);
}

void hvb_checkup_init(HvbCheckup *checkup, FILE *stream)
{
    const char *no_color = g_getenv("NO_COLOR");
    const char *term = g_getenv("TERM");

    *checkup = (HvbCheckup){.stream = stream};
    checkup->terminal = isatty(fileno(stream)) != 0 && term != NULL &&
                        strcmp(term, "dumb") != 0;
    checkup->colour = checkup->terminal && (!no_color || *no_color == '\0');
}

/* Lines after the first are indented like the remedy. */
static void print_text(FILE *stream, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

    for (char **line = lines; *line; line++)
        fprintf(stream, "%s%s\n", line == lines ? "" : INDENT, *line);
}

void hvb_checkup_add(HvbCheckup *checkup, HvbCheck check)
{
    FILE *stream = checkup->stream;

    fprintf(stream, "%s%s%-4s%s  %-14s  ", checkup->terminal ? CLEAR_LINE : "",
            checkup->colour ? statuses[check.status].colour : "",
            statuses[check.status].word, checkup->colour ? RESET : "",
            check.what);
    print_text(stream, check.finding);
    if (check.remedy) {
        fputs(INDENT "remedy: ", stream);
        print_text(stream, check.remedy);
    }
    fflush(stream);
    checkup->counts[check.status]++;
    hvb_check_clear(&check);
}

void hvb_checkup_busy(HvbCheckup *checkup, const char *doing)
{
    if (!checkup->terminal)
        return;
    fprintf(checkup->stream, CLEAR_LINE INDENT "%s ...", doing);
    fflush(checkup->stream);
}

gboolean hvb_checkup_end(HvbCheckup *checkup)
{
    guint warnings = checkup->counts[HVB_CHECK_WARN];
    guint failures = checkup->counts[HVB_CHECK_FAIL];

    fprintf(checkup->stream,
            "%sthis host %s run hvbench: %u ok, %u warning%s, %u failure%s\n",
            checkup->terminal ? CLEAR_LINE : "", failures ? "cannot" : "can",
            checkup->counts[HVB_CHECK_OK], warnings, warnings == 1 ? "" : "s",
            failures, failures == 1 ? "" : "s");
    return failures == 0;
}
