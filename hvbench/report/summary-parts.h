/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of summary.json. Each function returns what the caller then owns.
 */
#ifndef HVB_REPORT_SUMMARY_PARTS_H
#define HVB_REPORT_SUMMARY_PARTS_H

#include "hvbench/report/findings.h"

#include <json-glib/json-glib.h>

/* Sets a member to a number with three decimals, or to null: NaN and infinity
 * have no place in JSON. */
void hvb_summary_number(JsonObject *object, const char *name, double number);
/* To a text, or for NULL to null. */
void hvb_summary_name(JsonObject *object, const char *member, const char *name);

/* An element for each boot of a guest. */
JsonArray *hvb_summary_guests(const HvbRunRecord *run);
/* The time planned and used. */
JsonObject *hvb_summary_budget(const HvbFindings *findings);
/* Members for command line, seed and times; "stack", of the entries with that
 * prefix, without it, and "provenance", of the others but those of
 * hvb_summary_budget(). */
void hvb_summary_set_provenance(JsonObject *object, const HvbRunRecord *run);

#endif
