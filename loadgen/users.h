/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users: the emulated users that load the system, a process each.
 *
 * A user is closed-loop: it works for a burst, thinks, and only then works
 * again; what holds up its work holds up what it will ask for. Bursts are
 * exponential, counted in calibrated work and cut at a multiple of the mean;
 * thinking is exponential, too. Each begins by thinking, so that they do not
 * start in step. Users run at nice 0 with the default policy. */
#ifndef LOADGEN_USERS_H
#define LOADGEN_USERS_H

#include "children.h"
#include "wire.h"

#define USERS_MAX 256

/* Replaces the users there are by those asked for. Returns NULL, or the text of
 * an error: then there are no users. */
const char *users_set(Children *children, const WireLoad *load,
                      uint64_t iterations_per_ms);

void users_stop(Children *children);

#endif
