/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of report.html as JSON, for its template. Every value is text as
 * it shall be shown, not yet escaped. Each function returns what the caller
 * then owns. */
#ifndef HVB_REPORT_PAGE_PARTS_H
#define HVB_REPORT_PAGE_PARTS_H

#include "hvbench/report/findings.h"

#include <json-glib/json-glib.h>

/* Sets a member to a text and takes the text over; NULL is left out. */
void hvb_page_set(JsonObject *object, const char *name, char *text);

/* The picture `dir`/`name`.svg as a data URI; NULL if it cannot be read. */
char *hvb_page_picture(const char *dir, const char *name);

/* Wall clock, "2025-01-31 14:05:09 UTC"; NULL for 0. */
char *hvb_page_time(gint64 realtime_us);
/* The same to the millisecond, without the zone: "2025-01-31 14:05:09.123". */
char *hvb_page_moment(gint64 realtime_ns);

/* How a mean delay feels, for its colour, by the paper's landmarks:
 * "unnoticed", "felt", "unbearable", or "none". */
const char *hvb_page_feel(double ms);

/* A sentence on what the host's kernel counts as throttled. */
char *hvb_page_throttling(const HvbRunRecord *run);

/* Claims and open questions, each with its comparisons, and the verdicts in
 * numbers; sets nothing if the run is no matter of the paper. */
void hvb_page_set_claims(JsonObject *page, const HvbFindings *findings);
/* Where the CPU went: an element for each scenario of `ordered` (HvbP3 *) that
 * was metered. */
JsonArray *hvb_page_account(const HvbFindings *findings, GPtrArray *ordered);
/* Time planned and used, and what was left out; nothing if none was planned. */
void hvb_page_set_times(JsonObject *page, const HvbFindings *findings);

/* A scenario's section. `index` is its place in the run. */
JsonObject *hvb_page_scenario(const char *dir, const HvbFindings *findings,
                              guint index);
/* The same section's evidence that its figures may be trusted: from which load
 * on users notice it; what became of every operation that was scheduled; and
 * guest and host as its witnesses (rows: HvbVantageRow), if it has both. Each
 * sets nothing if there is nothing to tell. */
void hvb_page_set_onset(JsonObject *section, const HvbFindings *findings,
                        guint index);
void hvb_page_set_tally(JsonObject *section, const HvbP3 *p3);
void hvb_page_set_vantages(JsonObject *section, const GArray *rows);
/* What became of the operations of all scenarios (HvbP3 *) together. */
void hvb_page_set_total(JsonObject *page, GPtrArray *p3s);
/* What is special about it: "8 guests · host services: ..." */
char *hvb_page_description(const HvbProfile *profile);
/* A guest's part in it: "loaded, measured, limited to 40 %". */
char *hvb_page_role(const HvbGuestProfile *guest);
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
