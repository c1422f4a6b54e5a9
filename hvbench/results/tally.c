/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/results/tally.h"

#include <math.h>

#define NS_PER_MS 1e6

static void add_sample(HvbTally *tally, const HvbSample *sample)
{
    if (sample->raw.flags & WIRE_SAMPLE_FAILED) {
        tally->failed++;
    } else if (sample->raw.flags & WIRE_SAMPLE_CENSORED) {
        tally->censored++;
        tally->oldest_ms =
            fmax(tally->oldest_ms, (double)sample->response_ns / NS_PER_MS);
    } else {
        tally->measured++;
    }
}

void hvb_tally_add(HvbTally *tally, const HvbCell *cell)
{
    tally->scheduled += cell->scheduled;
    tally->lost += cell->lost;
    tally->late_frame_ms =
        fmax(tally->late_frame_ms, (double)cell->late_frame_ns / NS_PER_MS);
    tally->late_send_ms =
        fmax(tally->late_send_ms, (double)cell->late_send_ns / NS_PER_MS);
    for (guint i = 0; i < cell->samples->len; i++)
        add_sample(tally, &g_array_index(cell->samples, HvbSample, i));
}

void hvb_tally_add_up(HvbTally *tally, const HvbTally *other)
{
    tally->scheduled += other->scheduled;
    tally->measured += other->measured;
    tally->censored += other->censored;
    tally->failed += other->failed;
    tally->lost += other->lost;
    tally->oldest_ms = fmax(tally->oldest_ms, other->oldest_ms);
    tally->late_frame_ms = fmax(tally->late_frame_ms, other->late_frame_ms);
    tally->late_send_ms = fmax(tally->late_send_ms, other->late_send_ms);
}

gboolean hvb_tally_is_whole(const HvbTally *tally)
{
    return tally->scheduled ==
           tally->measured + tally->censored + tally->failed + tally->lost;
}
