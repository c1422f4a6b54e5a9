/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Store: a result set's database, hvbench.db.
 *
 * schema.sql documents the tables. Everything received of a cell is written in
 * one transaction; a reader may have the file open at any time (WAL). */
#ifndef HVB_RESULTS_STORE_H
#define HVB_RESULTS_STORE_H

#include "hvbench/run/clock.h"

#define HVB_RESULTS_ERROR (hvb_results_error_quark())
GQuark hvb_results_error_quark(void);
typedef enum {
    HVB_RESULTS_ERROR_SQLITE,  /* what SQLite reported, with the file */
    HVB_RESULTS_ERROR_SCHEMA,  /* not a result set, or of another version */
    HVB_RESULTS_ERROR_EMPTY,   /* the result set has no run */
    HVB_RESULTS_ERROR_DIFFERS, /* the run was made another way: not resumed */
} HvbResultsError;

typedef struct _HvbStore HvbStore;

/* Opens `dir`/hvbench.db, making it (not the directory) if `create`. */
HvbStore *hvb_store_open(const char *dir, gboolean create, GError **error);
void hvb_store_free(HvbStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbStore, hvb_store_free)

/* One run: one invocation of `hvbench run` that measured. Its scenarios are
 * the profiles in order; `seed` is the plan's. All that follows belongs to the
 * run begun or resumed last. */
gboolean hvb_store_begin_run(HvbStore *store, const char *command_line,
                             guint64 seed, GPtrArray *profiles, GError **error);
/* `status`: "done", "failed" or "interrupted"; `why` may be NULL. There is room
 * for this even if the disk is full. */
gboolean hvb_store_end_run(HvbStore *store, const char *status, const char *why,
                           GError **error);

/* Replaces the key's value. */
gboolean hvb_store_set_provenance(HvbStore *store, const char *key,
                                  const char *value, GError **error);
/* Sets the key's value unless it has one. If that is another than `value`,
 * `ret_other` gets it, to be freed by the caller; else NULL. */
gboolean hvb_store_keep_provenance(HvbStore *store, const char *key,
                                   const char *value, char **ret_other,
                                   GError **error);

/* A guest as booted: what it said, what it was calibrated to (iterations per
 * ms, spread of the rounds) and the reference times (ns, 0 if unmeasured). */
gboolean hvb_store_add_guest(HvbStore *store, guint guest, const char *name,
                             const WireHello *hello,
                             const WireCalibration *calibration,
                             const HvbReferences *references, GError **error);

/* Adds the cell with its samples, meters, tunings and events, or nothing of it
 * on an error. They come from the guests as added last, so each guest that
 * they name must have been added since the run was begun or resumed. */
gboolean hvb_store_add_cell(HvbStore *store, const HvbCell *cell,
                            GError **error);

/* An event outside of any cell. */
gboolean hvb_store_add_event(HvbStore *store, const HvbEventRecord *event,
                             GError **error);

/* Whether the run was made from these profiles (their texts, in order, but for
 * the seed). FALSE without `error` set: from others. */
gboolean hvb_store_is_made_from(HvbStore *store, gint64 run_id,
                                GPtrArray *profiles, GError **error);

/* Resuming. The last run of the result set if it was not done, has a cell of
 * status DONE and was made from the same profiles (their texts, in order, but
 * for the seed): makes it the current run, returns TRUE, its seed in `ret_seed`
 * and in `ret_cells` its cells that are over (HvbCell *, with samples and
 * meters): of status DONE, or DISTURBED with no rerun left. FALSE without
 * `error` set: nothing to resume. Refused with HVB_RESULTS_ERROR_DIFFERS, and
 * left as it is, if it was made by another revision of hvbench, or with another
 * seed than `seed` (0: any). */
gboolean hvb_store_resume(HvbStore *store, GPtrArray *profiles, guint64 seed,
                          guint64 *ret_seed, GPtrArray **ret_cells,
                          GError **error);

/* Reading back, for reports: the last run. */
typedef struct {
    gint64 id;
    char *hvbench; /* version */
    char *command_line;
    char *status; /* "done", "failed", "interrupted", "running"; or, if it is
                   * none of these but nobody writes any more, "cut off" */
    char *why;
    guint64 seed;
    gint64 started_us, ended_us; /* wall clock; 0: not ended */
    GPtrArray *profiles;         /* HvbProfile * as recorded */
    GPtrArray *cells;            /* HvbCell *, complete */
    GPtrArray *provenance;       /* HvbProvenance *, in order of insertion */
    GArray *guests;              /* HvbGuestRecord */
    GArray *events;              /* HvbEventRecord, those outside of cells */
    GArray *clocks; /* HvbClockRecord of all cells, in order of time; `guest` is
                     * a boot: a place in `guests`, from 1. NULL in a run that
                     * was not loaded */
} HvbRunRecord;
typedef struct {
    char *key;
    char *value;
} HvbProvenance;
typedef struct {
    guint guest;
    char *name;
    WireHello hello;
    WireCalibration calibration;
    HvbReferences references;
} HvbGuestRecord;
HvbRunRecord *hvb_store_load_run(HvbStore *store, GError **error);
/* The last run before the one of this `id`; NULL without `error` set: there is
 * none. */
HvbRunRecord *hvb_store_load_run_before(HvbStore *store, gint64 id,
                                        GError **error);
void hvb_run_record_free(HvbRunRecord *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbRunRecord, hvb_run_record_free)

/* How the clock of a boot (a place in `guests`, from 1) ran against the host's,
 * over all its cells. */
HvbClockFit hvb_run_record_clock(const HvbRunRecord *run, guint boot);

/* The P3 of each scenario of the run, in order (HvbP3 *). */
GPtrArray *hvb_run_record_p3(const HvbRunRecord *run);

#endif
