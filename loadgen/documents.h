/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents: what the operation `open` reads from disk.
 *
 * A block device or a file is taken as a row of documents of DOCUMENT_SIZE. A
 * window reads them in one of three ways (WireReading):
 *
 *   DIRECT  past the page cache (O_DIRECT), or through it where the file system
 *           refuses that
 *   COLD    through the page cache, which was rid of them before the window: no
 *           document is read twice in it, and without read-ahead none comes
 *           along with another
 *   WARM    through the page cache, where the first DOCUMENTS_WARM were put
 *           before the window; no other is read
 *
 * So nothing needs to be done for COLD and WARM while operations are timed. */
#ifndef LOADGEN_DOCUMENTS_H
#define LOADGEN_DOCUMENTS_H

#include "wire.h"

#include <limits.h>

#define DOCUMENT_SIZE (64 * 1024)
/* Of a buffer: enough for O_DIRECT anywhere. */
#define DOCUMENT_ALIGNMENT 4096
/* 16 MiB: they must stay in the page cache of a small guest. */
#define DOCUMENTS_WARM 256
/* Cold ones are picked among the first so many. */
#define DOCUMENTS_COLD WIRE_MAX_SCHEDULE

typedef struct {
    char path[PATH_MAX];
    uint64_t n_documents; /* 0: none were found */
    bool direct;          /* read past the page cache */
    bool on_disk;         /* a block device */
} Documents;

/* Looks at `path` and tries one read. Returns NULL and fills *ret, or the
 * reason why it will not do. */
const char *documents_find(const char *path, Documents *ret);

/* Picks a document for each of `n` reads, by the seed alone; COLD: all
 * different. False: there are not so many, or no memory. */
bool documents_pick(const Documents *documents, WireReading reading,
                    uint64_t seed, uint64_t *ret, uint32_t n);

/* Puts those that may be picked into the page cache, or out of it, and looks
 * whether they are. Returns NULL, or the text of an error. Keep *ret_fd open
 * until the last is read (-1: DIRECT needs none): the kernel lets go of what it
 * has of a block device when nobody has that open any more. */
const char *documents_make_ready(const Documents *documents,
                                 WireReading reading, int *ret_fd);

/* How many pages of the first `n` documents are in the page cache; -1: errno.
 * All of them, as the kernel says it to a process that may not know: neither
 * root, nor the owner, nor allowed to write. */
int64_t documents_count_cached(const Documents *documents, uint64_t n);

/* Returns a descriptor to read from, or -1 with errno. */
int documents_open(const Documents *documents, WireReading reading);

/* Reads one into `buffer`, of DOCUMENT_SIZE bytes. False: errno, or the file
 * has become shorter. */
bool documents_read(int fd, void *buffer, uint64_t document);

/* Puts one out of the page cache. */
void documents_forget(int fd, uint64_t document);

#endif
