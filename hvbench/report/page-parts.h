/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of report.html as JSON, for its template. Every value is text as
 * it shall be shown, not yet escaped. Each function returns what the caller
 * then owns. */
#ifndef HVB_REPORT_PAGE_PARTS_H
#define HVB_REPORT_PAGE_PARTS_H

#include "hvbench/results/p3.h"
#include "hvbench/results/store.h"

#include <json-glib/json-glib.h>

/* Sets a member to a text and takes the text over; NULL is left out. */
void hvb_page_set(JsonObject *object, const char *name, char *text);

/* The picture `dir`/`name`.svg as a data URI; NULL if it cannot be read. */
char *hvb_page_picture(const char *dir, const char *name);

/* Wall clock, "2025-01-31 14:05:09 UTC"; NULL for 0. */
char *hvb_page_time(gint64 realtime_us);

/* A scenario's section. `index` is its place in the run. */
JsonObject *hvb_page_scenario(const char *dir, const HvbRunRecord *run,
                              guint index, const HvbP3 *p3);
/* The same section's cells: those that are disturbed, failed or suspect with
 * the reason, and all of them. */
JsonArray *hvb_page_remarks(const HvbRunRecord *run, guint index);
JsonArray *hvb_page_cells(const HvbRunRecord *run, guint index);
/* What the host enforced, guest by guest; empty if nothing was read back. */
JsonArray *hvb_page_tunings(const HvbRunRecord *run, guint index);

/* Below the scenarios. */
JsonArray *hvb_page_guests(const HvbRunRecord *run);
JsonArray *hvb_page_manager_events(const HvbRunRecord *run);
JsonArray *hvb_page_other_events(const HvbRunRecord *run);

#endif
