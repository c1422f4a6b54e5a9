/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the halves of the store, store.c (writing) and load.c (reading), share.
 */
#ifndef HVB_RESULTS_STORE_PRIVATE_H
#define HVB_RESULTS_STORE_PRIVATE_H

#include "hvbench/results/database.h"
#include "hvbench/results/rows.h"
#include "hvbench/results/store.h"

struct _HvbStore {
    HvbDatabase *database;
    gint64 run_id; /* 0: none begun or resumed */
    gint64
        guest_ids[HVB_MAX_GUESTS + 1]; /* of each guest's last boot; 0: none */
};

/* Makes it the run that all that follows belongs to. */
void hvb_store_set_run(HvbStore *store, gint64 run_id);

/* `ended_us` 0: not ended. */
gboolean hvb_store_set_status(HvbStore *store, gint64 run_id,
                              const char *status, const char *why,
                              gint64 ended_us, GError **error);

#endif
