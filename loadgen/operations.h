/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations: the small things a user does, whose delay is measured. */
#ifndef LOADGEN_OPERATIONS_H
#define LOADGEN_OPERATIONS_H

#include "wire.h"

#include <limits.h>
#include <stdatomic.h>

#define OPERATION_KEY_MS 5
#define OPERATION_OPEN_MS 60
#define OPERATION_LAUNCH_MS 120
#define DOCUMENT_SIZE (64 * 1024)

/* Where `open` reads its documents: a block device or a file, taken as a row
 * of documents of DOCUMENT_SIZE. */
typedef struct {
    char path[PATH_MAX];
    uint64_t n_documents; /* 0: none were found */
    bool direct;          /* read past the page cache */
    bool on_disk;         /* a block device */
} Documents;

/* Looks at `path` and tries one read. Returns NULL and fills *ret, or the
 * reason why it will not do. */
const char *documents_find(const char *path, Documents *ret);

/* One process's means to do operations. */
typedef struct {
    const Documents *documents;
    uint64_t iterations_per_ms;
    uint64_t seed;                 /* decides which document is read */
    _Atomic uint64_t *launched_ns; /* CPU of launched processes is added */
    int fd;
    void *buffer;
} Operator;

/* Opens the documents, if there are any, and reads one, so that nothing is done
 * for the first time when it is timed. Fill in the first four members before.
 * False: errno says why. The process keeps it all until it ends. */
bool operation_prepare(Operator *user);

/* Does the operation with this index in the schedule; false: it failed. */
bool operation_do(const Operator *user, WireOperation operation,
                  uint32_t index);

/* What a launched process does: `iterations` and `parent` are its arguments.
 * Returns its exit status. */
int operation_launched(const char *iterations, const char *parent);

#endif
