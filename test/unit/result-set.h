/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result set in a directory of its own, for the store's tests. */
#ifndef TEST_UNIT_RESULT_SET_H
#define TEST_UNIT_RESULT_SET_H

#include "hvbench/results/store.h"

typedef struct {
    char *dir;
    char *file;          /* hvbench.db in it */
    GPtrArray *profiles; /* HvbProfile *: "alpha" and "beta", each with the
                          * levels None and Overload */
    HvbStore *store;     /* NULL: not open */
} Set;

/* With an empty directory. */
Set *set_new(void);
/* With a run of the profiles begun, of seed SET_SEED, and guests 1 and 2 added,
 * calibrated to 1000 and 2000 iterations per ms. */
#define SET_SEED G_MAXUINT64
Set *set_begin(void);
void set_reopen(Set *set, gboolean create);
/* Closes it as the end of a run does. */
void set_end(Set *set, const char *status);
/* Removes what a report has put beside the database. */
void set_remove_report(const Set *set);
/* Checks that nothing but the database is left in the directory. */
void set_free(Set *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Set, set_free)

/* The profiles "alpha" and `second`, with this seed. */
GPtrArray *set_make_profiles(const char *second, const char *seed);

gboolean set_add_guest(Set *set, guint guest, guint64 iterations_per_ms);

/* Appends a sample of the operation open. */
void set_add_sample(HvbCell *cell, guint guest, gint64 delay_ns);
/* A cell with one sample from each guest, of 10 and 30 ms. */
HvbCell *set_make_cell(guint scenario, HvbLevel level, HvbCellStatus status);
/* Makes one and stores it. */
gboolean set_store_cell(Set *set, guint scenario, HvbLevel level,
                        HvbCellStatus status);

/* What the sqlite3 tool would do. Returns the first column of the first row as
 * text, NULL if there is none or the statement fails. Caller frees. */
char *set_sql(const Set *set, const char *statement);
/* The same as a number; -1 if there is none. */
gint64 set_sql_number(const Set *set, const char *statement);

#endif
