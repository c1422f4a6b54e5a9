/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Report: what a result set shows, made from its database alone. */
#ifndef HVB_REPORT_REPORT_H
#define HVB_REPORT_REPORT_H

#include "hvbench/report/findings.h"

#define HVB_REPORT_ERROR (hvb_report_error_quark())
GQuark hvb_report_error_quark(void);
typedef enum {
    HVB_REPORT_ERROR_GNUPLOT, /* not found, or it failed: its last words */
    HVB_REPORT_ERROR_FILE,    /* a file that could not be written */
} HvbReportError;

/* Writes summary.json, p3-<scenario>.svg and .png, p3.svg and .png (scenarios
 * side by side), delays.svg and .png and report.html into the result set `dir`,
 * replacing what is there. Each file appears whole or not at all. */
gboolean hvb_report_write(const char *dir, GError **error);

/* Draws p3-<scenario>.svg and .png of one scenario, while a run goes on. */
gboolean hvb_figure_write(const char *dir, const HvbP3 *p3, GError **error);

/* The parts of it. */
gboolean hvb_summary_write(const char *dir, const HvbFindings *findings,
                           GError **error);
gboolean hvb_figures_write(const char *dir, GPtrArray *p3s, GError **error);
gboolean hvb_page_write(const char *dir, const HvbFindings *findings,
                        GError **error);

/* How many of the P3s in the report's order (hvb_findings_order()), from the
 * first on, p3.svg and delays.svg show: all that fit into one picture; if some
 * do not, the paper's figures only. */
guint hvb_figures_together(GPtrArray *ordered);

#endif
