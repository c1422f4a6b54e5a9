/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/report.h"

G_DEFINE_QUARK(hvb_report_error, hvb_report_error)

gboolean hvb_report_write(const char *dir, GError **error)
{
    g_autoptr(HvbStore) store = hvb_store_open(dir, FALSE, error);
    g_autoptr(HvbRunRecord) run =
        store ? hvb_store_load_run(store, error) : NULL;
    g_autoptr(HvbFindings) findings = run ? hvb_findings_new(run) : NULL;

    /* The page shows the pictures, so it comes after them; the figures that
     * scripts read do not depend on gnuplot, so they come first. */
    return findings && hvb_summary_write(dir, findings, error) &&
           hvb_figures_write(dir, findings->p3s, error) &&
           hvb_page_write(dir, findings, error);
}
