/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "documents.h"

#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_plainly(const char *path, bool direct)
{
    return open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
}

bool documents_read(int fd, void *buffer, uint64_t document)
{
    size_t done = 0;

    while (done < DOCUMENT_SIZE) {
        ssize_t n = pread(fd, (char *)buffer + done, DOCUMENT_SIZE - done,
                          (off_t)(document * DOCUMENT_SIZE + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static uint64_t size_of(int fd, bool *ret_on_disk)
{
    struct stat status;
    uint64_t size = 0;

    if (fstat(fd, &status) != 0)
        return 0;
    *ret_on_disk = S_ISBLK(status.st_mode);
    if (S_ISREG(status.st_mode))
        return (uint64_t)status.st_size;
    if (!*ret_on_disk || ioctl(fd, BLKGETSIZE64, &size) != 0)
        return 0;
    return size;
}

/* Reads the first `n` documents. */
static bool read_first(int fd, uint64_t n)
{
    void *buffer = aligned_alloc(DOCUMENT_ALIGNMENT, DOCUMENT_SIZE);
    bool good = buffer && fd >= 0;

    for (uint64_t i = 0; good && i < n; i++)
        good = documents_read(fd, buffer, i);
    free(buffer);
    return good;
}

static bool try_reading(const char *path, bool direct)
{
    int fd = open_plainly(path, direct);
    bool good = read_first(fd, 1);

    if (fd >= 0)
        close(fd);
    return good;
}

const char *documents_find(const char *path, Documents *ret)
{
    Documents found = {.n_documents = 0};
    int fd = open_plainly(path, false);

    if (fd < 0)
        return "cannot be opened";
    found.n_documents = size_of(fd, &found.on_disk) / DOCUMENT_SIZE;
    close(fd);
    if (found.n_documents == 0)
        return "is no file or block device of 64 KiB or more";
    if (strlen(path) >= sizeof found.path)
        return "has too long a name";
    strcpy(found.path, path);
    found.direct = try_reading(path, true);
    if (!found.direct && !try_reading(path, false))
        return "cannot be read";
    *ret = found;
    return NULL;
}

/* How many of them may be picked. */
static uint64_t choice(const Documents *documents, WireReading reading)
{
    uint64_t limit = UINT64_MAX;

    if (reading == WIRE_READING_COLD)
        limit = DOCUMENTS_COLD;
    else if (reading == WIRE_READING_WARM)
        limit = DOCUMENTS_WARM;
    return documents->n_documents < limit ? documents->n_documents : limit;
}

/* The first `n` of a shuffled row of `of`. */
static bool pick_different(Random *random, uint64_t *ret, uint32_t n,
                           uint64_t of)
{
    uint64_t *row = n <= of ? calloc(of, sizeof *row) : NULL;

    if (!row)
        return false;
    for (uint64_t i = 0; i < of; i++)
        row[i] = i;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t chosen = i + random_below(random, of - i);
        ret[i] = row[chosen];
        row[chosen] = row[i];
    }
    free(row);
    return true;
}

bool documents_pick(const Documents *documents, WireReading reading,
                    uint64_t seed, uint64_t *ret, uint32_t n)
{
    uint64_t of = choice(documents, reading);
    Random random;

    /* Not the numbers that the schedule was made of. */
    random_init(&random, ~seed);
    if (n == 0)
        return true;
    if (of == 0)
        return false;
    if (reading == WIRE_READING_COLD)
        return pick_different(&random, ret, n, of);
    for (uint32_t i = 0; i < n; i++)
        ret[i] = random_below(&random, of);
    return true;
}

int documents_open(const Documents *documents, WireReading reading)
{
    int fd = open_plainly(documents->path,
                          reading == WIRE_READING_DIRECT && documents->direct);

    if (fd >= 0 && reading == WIRE_READING_COLD)
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    return fd;
}

void documents_forget(int fd, uint64_t document)
{
    posix_fadvise(fd, (off_t)(document * DOCUMENT_SIZE), DOCUMENT_SIZE,
                  POSIX_FADV_DONTNEED);
}

/* Pages of the first `size` bytes that are in the page cache; -1: errno. */
static int64_t count_cached(int fd, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t n = (size + page - 1) / page;
    unsigned char *present = malloc(n);
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    int64_t count = -1;

    if (present && bytes != MAP_FAILED && mincore(bytes, size, present) == 0) {
        count = 0;
        for (size_t i = 0; i < n; i++)
            count += present[i] & 1;
    }
    if (bytes != MAP_FAILED)
        munmap(bytes, size);
    free(present);
    return count;
}

int64_t documents_count_cached(const Documents *documents, uint64_t n)
{
    int fd = open_plainly(documents->path, false);
    int64_t count = fd >= 0 ? count_cached(fd, n * DOCUMENT_SIZE) : -1;

    if (fd >= 0)
        close(fd);
    return count;
}

/* Only clean pages can be dropped, and a file may just have been written. */
static const char *cool(int fd, uint64_t n)
{
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (count_cached(fd, n * DOCUMENT_SIZE) != 0)
        return "PROBE: the documents do not leave the page cache: they must "
               "be on a disk, in use by nobody else, and the agent root";
    return NULL;
}

static const char *warm(int fd, uint64_t n)
{
    int64_t pages =
        (int64_t)(n * DOCUMENT_SIZE / (uint64_t)sysconf(_SC_PAGESIZE));

    if (!read_first(fd, n))
        return "PROBE: the documents cannot be read";
    if (count_cached(fd, n * DOCUMENT_SIZE) < pages)
        return "PROBE: the documents do not stay in the page cache: there is "
               "too little memory";
    return NULL;
}

const char *documents_make_ready(const Documents *documents,
                                 WireReading reading, int *ret_fd)
{
    uint64_t n = choice(documents, reading);
    const char *fault;
    int fd;

    *ret_fd = -1;
    if (reading == WIRE_READING_DIRECT || n == 0)
        return NULL;
    fd = documents_open(documents, reading);
    if (fd < 0)
        return "PROBE: the documents cannot be opened";
    fault = reading == WIRE_READING_COLD ? cool(fd, n) : warm(fd, n);
    if (fault)
        close(fd);
    else
        *ret_fd = fd;
    return fault;
}
