/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as read back from a database, made by hand, for the report's tests. */
#ifndef TEST_UNIT_REPORT_SET_H
#define TEST_UNIT_REPORT_SET_H

#include "hvbench/results/p3.h"
#include "hvbench/results/store.h"

#include <json-glib/json-glib.h>

/* Something to be run, and shown, if anything ever takes it for more than
 * text. */
#define HOSTILE_TEXT "</td><script>alert('x')</script>\"&'`touch pwned`"

typedef struct {
    char *dir;         /* empty, its own */
    HvbRunRecord *run; /* done: two scenarios, one cell with a tuning each,
                        * one guest, provenance */
    GPtrArray *p3s;    /* "alpha" (figure 9) and "beta": None with 10 samples,
                        * Overload without any */
} ReportSet;

ReportSet *report_set_new(void);
void report_set_free(ReportSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReportSet, report_set_free)

HvbP3 *report_set_p3(ReportSet *set, guint index);
HvbCell *report_set_cell(ReportSet *set, guint index);

/* Contents of a file in the directory; "" if there is none. Caller frees. */
char *report_set_read(const ReportSet *set, const char *file);

/* A level as the builder leaves it when there is no sample. */
HvbP3Level report_set_empty_level(HvbLevel level);

#endif
