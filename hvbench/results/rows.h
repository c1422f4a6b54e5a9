/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows: which column holds which member of a record.
 *
 * One table per record serves writing and reading, so that both agree: the
 * parameters of an INSERT, which carry the columns' names, and the columns of
 * a SELECT stand in the table's order. */
#ifndef HVB_RESULTS_ROWS_H
#define HVB_RESULTS_ROWS_H

#include <glib.h>
#include <sqlite3.h>

typedef enum {
    HVB_FIELD_INT64,
    HVB_FIELD_UINT64,  /* as the same 64 bits */
    HVB_FIELD_DECIMAL, /* guint64 as decimal text */
    HVB_FIELD_INT,     /* gboolean */
    HVB_FIELD_UINT32,  /* guint and enums */
    HVB_FIELD_UINT16,
    HVB_FIELD_UINT8,
    HVB_FIELD_DOUBLE, /* NaN: NULL */
    HVB_FIELD_TEXT,   /* char *, owned by the record; NULL: NULL */
    HVB_FIELD_STRING, /* char[], cut where it does not fit */
} HvbFieldType;

typedef struct {
    const char *name;
    HvbFieldType type;
    gsize offset;
    gsize size; /* of the member */
} HvbField;

typedef struct {
    const HvbField *fields;
    guint n;
} HvbRow;

extern const HvbRow hvb_run_row;    /* HvbRunRecord; not its arrays */
extern const HvbRow hvb_guest_row;  /* HvbGuestRecord */
extern const HvbRow hvb_cell_row;   /* HvbCell; not status and arrays */
extern const HvbRow hvb_sample_row; /* HvbSample; not guest */
extern const HvbRow hvb_clock_row;  /* HvbClockRecord; not guest */
extern const HvbRow hvb_meter_row;  /* HvbMeterRecord; not guest */
extern const HvbRow hvb_tuning_row; /* HvbTuning */
extern const HvbRow hvb_event_row;  /* HvbEventRecord */

/* Binds the members of `record` from parameter `first` (from 1) on. Returns
 * the number of the parameter after them. */
int hvb_row_bind(const HvbRow *row, sqlite3_stmt *statement, int first,
                 gconstpointer record);

/* Fills the zeroed `ret_record` from the columns from `first` (from 0) on.
 * Returns the number of the column after them. */
int hvb_row_read(const HvbRow *row, sqlite3_stmt *statement, int first,
                 gpointer ret_record);

/* Text as the database holds it: valid UTF-8, and U+FFFD in the place of
 * control characters other than newline and tab. NULL stays NULL. */
char *hvb_clean_text(const char *text);
void hvb_bind_text(sqlite3_stmt *statement, int parameter, const char *text);
/* NULL if it is NULL. */
char *hvb_read_text(sqlite3_stmt *statement, int column);

#endif
