/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/parallel.h"

typedef struct {
    GFunc func;
    gpointer user_data;
    gint left; /* atomic */
} Batch;

static void run_item(gpointer item, gpointer user_data)
{
    Batch *batch = user_data;

    batch->func(item, batch->user_data);
    g_atomic_int_dec_and_test(&batch->left);
    g_main_context_wakeup(NULL);
}

void hvb_parallel(GFunc func, gpointer *items, guint n, guint threads,
                  gpointer user_data)
{
    Batch batch = {func, user_data, (gint)n};
    GThreadPool *pool =
        g_thread_pool_new(run_item, &batch, (gint)threads, FALSE, NULL);

    for (guint i = 0; i < n; i++)
        g_thread_pool_push(pool, items[i], NULL);
    while (g_atomic_int_get(&batch.left) > 0)
        g_main_context_iteration(NULL, TRUE);
    g_thread_pool_free(pool, FALSE, TRUE);
}
