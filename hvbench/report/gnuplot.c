/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/gnuplot.h"

#include "hvbench/profile/names.h"
#include "hvbench/report/report.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define BLOCK_END "HVB_END"
#define SCRIPT "script.gp"
#define PROGRAM "gnuplot"
#define REMEDY "install it (on Debian: apt-get install gnuplot-nox)"

static const char *const kinds[] = {"svg", "png"};

/* Control characters end a line, and with it a string, for gnuplot. */
static char *one_line(const char *text)
{
    char *line = g_utf8_make_valid(text, -1);

    for (char *c = line; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return line;
}

void hvb_gnuplot_append_string(GString *data, const char *text)
{
    g_autofree char *line = one_line(text);

    /* Between single quotes nothing is special but the quote itself. */
    g_string_append_c(data, '\'');
    for (const char *c = line; *c != '\0'; c++) {
        g_string_append_c(data, *c);
        if (*c == '\'')
            g_string_append_c(data, '\'');
    }
    g_string_append_c(data, '\'');
}

void hvb_gnuplot_append_column(GString *data, const char *text)
{
    g_autofree char *line = one_line(text);

    /* A data block knows no escapes. */
    g_strdelimit(line, "\"", '\'');
    g_string_append_printf(data, " \"%s\"", line);
}

void hvb_gnuplot_append_number(GString *data, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_c(data, ' ');
    g_string_append(data, isnan(number) ? "NaN"
                                        : g_ascii_formatd(text, sizeof text,
                                                          "%.6g", number));
}

void hvb_gnuplot_begin_block(GString *data, const char *name, guint number)
{
    g_autofree char *suffix =
        number > 0 ? g_strdup_printf("%u", number) : g_strdup("");

    g_string_append_printf(data, "$%s%s << " BLOCK_END "\n", name, suffix);
}

void hvb_gnuplot_end_block(GString *data)
{
    g_string_append(data, BLOCK_END "\n");
}

gboolean hvb_gnuplot_check(GError **error)
{
    g_autofree char *path = g_find_program_in_path(PROGRAM);

    if (!path)
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT,
                    "there is no gnuplot to draw the pictures: " REMEDY);
    return path != NULL;
}

/* Runs `commands` in `directory`. They go through a file, since gnuplot may
 * leave at the first mistake while a pipe is still being written. */
static gboolean run(const char *directory, const GString *commands,
                    GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autofree char *script = g_build_filename(directory, SCRIPT, NULL);
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) failure = NULL;
    g_autofree char *words = NULL;

    if (!g_file_set_contents(script, commands->str, (gssize)commands->len,
                             &failure)) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE, "%s",
                    failure->message);
        return FALSE;
    }
    /* Neither a start-up file (-d) nor the locale may change a picture. */
    g_subprocess_launcher_set_cwd(launcher, directory);
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    process = g_subprocess_launcher_spawn(launcher, &failure, PROGRAM, "-d",
                                          SCRIPT, NULL);
    if (!process) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT,
                    "cannot run gnuplot: %s; " REMEDY, failure->message);
        return FALSE;
    }
    if (!g_subprocess_communicate_utf8(process, NULL, NULL, &words, NULL,
                                       &failure) ||
        !g_subprocess_get_successful(process)) {
        g_autofree char *said =
            hvb_name_line(failure ? failure->message : words);
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT,
                    "gnuplot failed: %s", said);
        return FALSE;
    }
    return TRUE;
}

static gboolean keep(const char *drawn_in, const char *dir, const char *name,
                     const char *kind, GError **error)
{
    g_autofree char *file = g_strconcat(name, ".", kind, NULL);
    g_autofree char *from = g_build_filename(drawn_in, file, NULL);
    g_autofree char *to = g_build_filename(dir, file, NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) failure = NULL;
    gsize n;

    if (!g_file_get_contents(from, &bytes, &n, &failure) || n == 0) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT,
                    "gnuplot drew no %s; its terminal may be missing "
                    "(apt-get install gnuplot-nox)",
                    file);
        return FALSE;
    }
    if (!g_file_set_contents(to, bytes, (gssize)n, &failure)) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE, "%s",
                    failure->message);
        return FALSE;
    }
    return TRUE;
}

static void remove_directory(const char *directory)
{
    g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
    const char *name;

    while (listing && (name = g_dir_read_name(listing))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_unlink(path);
    }
    g_rmdir(directory);
}

gboolean hvb_gnuplot_draw(const char *dir, const char *name,
                          const char *template, const GString *data,
                          GError **error)
{
    g_autofree char *resource =
        g_strconcat("/hvbench/scripts/", template, NULL);
    g_autoptr(GBytes) commands =
        g_resources_lookup_data(resource, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_autoptr(GString) script = g_string_new("file = ");
    g_autofree char *scratch = NULL;
    g_autoptr(GError) failure = NULL;
    gboolean drawn;

    g_assert(commands);
    hvb_gnuplot_append_string(script, name);
    g_string_append_c(script, '\n');
    g_string_append_len(script, data->str, (gssize)data->len);
    g_string_append_len(script, g_bytes_get_data(commands, NULL),
                        (gssize)g_bytes_get_size(commands));
    scratch = g_dir_make_tmp("hvbench-XXXXXX", &failure);
    if (!scratch) {
        g_set_error(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_FILE,
                    "no directory for gnuplot: %s", failure->message);
        return FALSE;
    }
    drawn = run(scratch, script, error);
    for (gsize k = 0; drawn && k < G_N_ELEMENTS(kinds); k++)
        drawn = keep(scratch, dir, name, kinds[k], error);
    remove_directory(scratch);
    return drawn;
}
