/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Meters: the system's own view of where its CPU time went. */
#ifndef LOADGEN_METERS_H
#define LOADGEN_METERS_H

#include "children.h"
#include "wire.h"

/* Reads the clock, /proc/stat and the CPU time of the agent's processes into
 * *ret; request, mark and cell are the caller's. What cannot be read is 0. */
void meters_read(Children *children, WireMeters *ret);

/* Fills in the times of a /proc/stat given as text, in ticks of `hz` per
 * second. False: it is not one; *ret is untouched. */
bool meters_parse_stat(const char *text, long hz, WireMeters *ret);

#endif
