/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gnuplot: draws a picture from a template and the data put before it.
 *
 * The data are gnuplot variables and data blocks. Texts reach it only through
 * the functions here, so that no title becomes a command. */
#ifndef HVB_REPORT_GNUPLOT_H
#define HVB_REPORT_GNUPLOT_H

#include <gio/gio.h>

/* Appends `text` as a gnuplot string constant. */
void hvb_gnuplot_append_string(GString *data, const char *text);
/* Appends `text` as a quoted column of a data block. */
void hvb_gnuplot_append_column(GString *data, const char *text);
/* Appends a number, "NaN" for none. */
void hvb_gnuplot_append_number(GString *data, double number);
/* Begins and ends a data block; `number` 0 for a name without number. */
void hvb_gnuplot_begin_block(GString *data, const char *name, guint number);
void hvb_gnuplot_end_block(GString *data);

/* Whether it is installed: HVB_REPORT_ERROR_GNUPLOT with the remedy if not. */
gboolean hvb_gnuplot_check(GError **error);

/* Runs gnuplot on `data` followed by the resource /hvbench/scripts/`template`,
 * which draws `name`.svg and `name`.png (the variable `file` is set to it),
 * and puts both into `dir`, each whole or not at all.
 *
 * Errors: HVB_REPORT_ERROR_GNUPLOT with its last words, or the remedy if it is
 * not installed; HVB_REPORT_ERROR_FILE. */
gboolean hvb_gnuplot_draw(const char *dir, const char *name,
                          const char *template, const GString *data,
                          GError **error);

#endif
