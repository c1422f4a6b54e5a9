/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Observations made by hand. */
#ifndef TEST_UNIT_OBSERVATIONS_H
#define TEST_UNIT_OBSERVATIONS_H

#include "hvbench/results/interval.h"

static inline void add(GArray *observations, guint stratum, guint repetition,
                       double value)
{
    const HvbObservation o = {stratum, repetition, value};

    g_array_append_val(observations, o);
}

/* `n` values, of which `per_stratum` follow one another in each stratum. */
static inline GArray *observe(const double *values, guint n, guint per_stratum)
{
    GArray *observations = g_array_new(FALSE, FALSE, sizeof(HvbObservation));

    for (guint i = 0; i < n; i++)
        add(observations, i / per_stratum, i % per_stratum + 1, values[i]);
    return observations;
}

#endif
