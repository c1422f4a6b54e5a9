/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as read back from a database, made by hand, for the report's tests. */
#ifndef TEST_UNIT_REPORT_SET_H
#define TEST_UNIT_REPORT_SET_H

#include "hvbench/report/report.h"

#include <json-glib/json-glib.h>

/* Something to be run, and shown, if anything ever takes it for more than
 * text. */
#define HOSTILE_TEXT "</td><script>alert('x')</script>\"&'`touch pwned`"

typedef struct {
    char *dir;             /* empty, its own */
    HvbRunRecord *run;     /* done: two scenarios, one cell with a tuning each,
                            * one guest, provenance */
    HvbFindings *findings; /* of it, but for the P3: "alpha" (figure 9) and
                            * "beta": None with 10 samples, Overload without
                            * any */
} ReportSet;

ReportSet *report_set_new(void);
/* Without scenarios, and `findings` all NULL. */
ReportSet *report_set_empty(void);
/* A run like the paper's: REPORT_SET_SCENARIOS scenarios (first those that are
 * no figure, then the figures backwards), six levels, three repetitions, some
 * cells disturbed or suspect, eight guests, of which several are measured in
 * some scenarios. The same at each call. */
ReportSet *report_set_paper(void);
#define REPORT_SET_SCENARIOS 27
#define REPORT_SET_FIGURES 10
void report_set_free(ReportSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReportSet, report_set_free)

HvbP3 *report_set_p3(ReportSet *set, guint index);
HvbCell *report_set_cell(ReportSet *set, guint index);

void report_set_add_provenance(ReportSet *set, const char *key,
                               const char *value);
/* A claim that came out as `verdict`, with one comparison of "fig09" with
 * "fig03". `id` and `words` are borrowed. */
void report_set_add_claim(ReportSet *set, const char *id, const char *words,
                          HvbVerdict verdict);

/* Contents of a file in the directory; "" if there is none. Caller frees. */
char *report_set_read(const ReportSet *set, const char *file);

/* Its summary.json, written and parsed. Caller unrefs. */
JsonParser *report_set_summary(const ReportSet *set);
JsonObject *report_set_root(JsonParser *parser);

/* A level as the builder leaves it when there is no sample. */
HvbP3Level report_set_empty_level(HvbLevel level);

#endif
