/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations: the small things a user does, whose delay is measured. */
#ifndef LOADGEN_OPERATIONS_H
#define LOADGEN_OPERATIONS_H

#include "documents.h"
#include "wire.h"

#include <stdatomic.h>

/* The calibrated work in an operation. OPEN reads a document beside it, LAUNCH
 * starts a process. */
static inline unsigned operation_work_ms(WireOperation operation)
{
    switch (operation) {
    case WIRE_KEY:
        return 5;
    case WIRE_OPEN:
        return 60;
    case WIRE_LAUNCH:
        return 120;
    case WIRE_N_OPERATIONS:
        break;
    }
    return 0;
}

/* One process's means to do operations. */
typedef struct {
    const Documents *documents;
    WireReading reading;
    uint64_t iterations_per_ms;
    _Atomic uint64_t *launched_ns; /* CPU of launched processes is added */
    int fd;
    void *buffer;
    char launch_iterations[24], launch_parent[16]; /* arguments of LAUNCH */
} Operator;

/* Opens the documents, if there are any, and reads one, so that nothing is done
 * for the first time when it is timed (COLD: it is put out of the page cache
 * again). Fill in the first four members before, and call it in the process
 * that will operate. False: errno says why. The process keeps it all until it
 * ends. */
bool operation_prepare(Operator *user);

/* Does the operation; `document` is the one that OPEN reads. False: it
 * failed. */
bool operation_do(const Operator *user, WireOperation operation,
                  uint64_t document);

/* What a launched process does: `iterations` and `parent` are its arguments.
 * Returns its exit status. */
int operation_launched(const char *iterations, const char *parent);

#endif
