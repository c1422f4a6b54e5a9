/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `open` reads, and how cold or warm that is. */
#define _GNU_SOURCE
#include "loadgen/documents.h"
#include "test/suites.h"
#include "test/unit/agent-peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define N 400 /* documents in the file */
#define TMPFS 0x01021994

/* Makes a file of N documents, to be unlinked by the caller. */
static void make_file(char path[64], const char *directory)
{
    static const char document[DOCUMENT_SIZE] = "text";
    int fd;

    snprintf(path, 64, "%s/hvbench-documents-XXXXXX", directory);
    fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (int i = 0; i < N; i++)
        CU_ASSERT_EQUAL_FATAL(write(fd, document, sizeof document),
                              (ssize_t)sizeof document);
    close(fd);
}

/* Not in /tmp, which may be in memory. False: the test is skipped. */
static bool make_documents(char path[64], Documents *ret)
{
    struct statfs file_system;

    CU_ASSERT_EQUAL_FATAL(statfs("/var/tmp", &file_system), 0);
    if (file_system.f_type == TMPFS) {
        test_skip("needs /var/tmp on a disk");
        return false;
    }
    make_file(path, "/var/tmp");
    CU_ASSERT_PTR_NULL_FATAL(documents_find(path, ret));
    CU_ASSERT_EQUAL(ret->n_documents, N);
    return true;
}

static int64_t pages(uint64_t documents)
{
    return (int64_t)(documents * DOCUMENT_SIZE /
                     (uint64_t)sysconf(_SC_PAGESIZE));
}

static void test_cold_documents_are_all_different(void)
{
    const Documents documents = {.n_documents = N};
    uint64_t picked[N + 1];
    bool seen[N] = {false};

    CU_ASSERT_TRUE(
        documents_pick(&documents, WIRE_READING_COLD, 42, picked, N));
    for (int i = 0; i < N; i++) {
        CU_ASSERT_TRUE_FATAL(picked[i] < N);
        CU_ASSERT_FALSE(seen[picked[i]]);
        seen[picked[i]] = true;
    }
    CU_ASSERT_FALSE(
        documents_pick(&documents, WIRE_READING_COLD, 42, picked, N + 1));
}

static void test_warm_documents_are_among_the_first(void)
{
    const Documents many = {.n_documents = 1 << 30}, few = {.n_documents = 3};
    uint64_t picked[2000], most = 0;

    CU_ASSERT_TRUE(documents_pick(&many, WIRE_READING_WARM, 42, picked, 2000));
    for (int i = 0; i < 2000; i++)
        most = picked[i] > most ? picked[i] : most;
    CU_ASSERT_TRUE(most < DOCUMENTS_WARM && most > DOCUMENTS_WARM / 2);
    CU_ASSERT_TRUE(documents_pick(&few, WIRE_READING_WARM, 42, picked, 2000));
    for (int i = 0; i < 2000; i++)
        CU_ASSERT_TRUE(picked[i] < 3);
}

static void test_direct_documents_are_anywhere(void)
{
    const Documents many = {.n_documents = 1000000}, none = {.n_documents = 0};
    uint64_t one[100], two[100], below_half = 0;

    CU_ASSERT_TRUE(documents_pick(&many, WIRE_READING_DIRECT, 7, one, 100));
    CU_ASSERT_TRUE(documents_pick(&many, WIRE_READING_DIRECT, 7, two, 100));
    CU_ASSERT_EQUAL(memcmp(one, two, sizeof one), 0);
    for (int i = 0; i < 100; i++)
        below_half += one[i] < 500000;
    CU_ASSERT_TRUE(below_half > 20 && below_half < 80);
    CU_ASSERT_TRUE(documents_pick(&many, WIRE_READING_DIRECT, 8, two, 100));
    CU_ASSERT_NOT_EQUAL(memcmp(one, two, sizeof one), 0);
    CU_ASSERT_TRUE(documents_pick(&none, WIRE_READING_DIRECT, 7, one, 0));
    CU_ASSERT_FALSE(documents_pick(&none, WIRE_READING_DIRECT, 7, one, 1));
}

static const char *make_ready(const Documents *documents, WireReading reading)
{
    int fd;
    const char *fault = documents_make_ready(documents, reading, &fd);

    CU_ASSERT_EQUAL(fd >= 0, !fault);
    if (fd >= 0)
        close(fd);
    return fault;
}

/* A kernel may take clean pages back whenever it likes, and one that is short
 * of memory does: what should be in the cache is looked for so many times. */
#define TRIES 5

static void test_page_cache_is_emptied_and_filled(void)
{
    Documents documents;
    int64_t cached = 0;
    char path[64];

    if (!make_documents(path, &documents))
        return;
    CU_ASSERT_PTR_NULL(make_ready(&documents, WIRE_READING_COLD));
    CU_ASSERT_EQUAL(documents_count_cached(&documents, N), 0);
    for (int i = 0; i < TRIES && cached < pages(DOCUMENTS_WARM); i++)
        if (!make_ready(&documents, WIRE_READING_WARM))
            cached = documents_count_cached(&documents, DOCUMENTS_WARM);
    CU_ASSERT_EQUAL(cached, pages(DOCUMENTS_WARM));
    CU_ASSERT_PTR_NULL(make_ready(&documents, WIRE_READING_COLD));
    CU_ASSERT_EQUAL(documents_count_cached(&documents, N), 0);
    unlink(path);
}

static void test_documents_in_memory_are_refused_as_cold(void)
{
    struct statfs file_system;
    Documents documents;
    const char *fault;
    char path[64];

    if (statfs("/dev/shm", &file_system) != 0 || file_system.f_type != TMPFS) {
        test_skip("needs a tmpfs at /dev/shm");
        return;
    }
    make_file(path, "/dev/shm");
    CU_ASSERT_PTR_NULL_FATAL(documents_find(path, &documents));
    fault = make_ready(&documents, WIRE_READING_COLD);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
    CU_ASSERT_PTR_NOT_NULL(strstr(fault, "page cache"));
    CU_ASSERT_PTR_NULL(make_ready(&documents, WIRE_READING_WARM));
    unlink(path);
}

/* Runs a window of `n` times `open`, of which none may fail. Returns whether
 * there was one: of documents that do not stay in the cache there is none. */
static bool run_window(AgentPeer *peer, WireReading reading, uint32_t n)
{
    const WireProbe probe = {.count = {0, n, 0},
                             .seed = 3,
                             .slot_us = 1000,
                             .pool = 8,
                             .drain_ms = 60000,
                             .reading = reading};
    WireFrame frame;
    WireEnd end;

    peer_ask_probe(peer, &probe);
    peer_expect_any(peer, &frame);
    if (reading == WIRE_READING_WARM && frame.type == WIRE_ERROR)
        return false;
    CU_ASSERT_EQUAL_FATAL(frame.type, WIRE_OK);
    do {
        CU_ASSERT_TRUE_FATAL(peer_next(peer, &frame));
    } while (frame.type != WIRE_END);
    CU_ASSERT_TRUE(wire_get_end(&frame, &end));
    CU_ASSERT_EQUAL(end.measured, n);
    return true;
}

/* Of the first `among` documents there are so many in the cache after a window,
 * and never more. */
static void expect_cached(AgentPeer *peer, const Documents *documents,
                          WireReading reading, uint32_t n, uint64_t among,
                          uint64_t wanted)
{
    int64_t cached = -1;

    for (int i = 0; i < TRIES && cached != pages(wanted); i++) {
        if (!run_window(peer, reading, n))
            continue;
        cached = documents_count_cached(documents, among);
        CU_ASSERT_TRUE(cached <= pages(wanted));
    }
    CU_ASSERT_EQUAL(cached, pages(wanted));
}

static void test_windows_leave_in_the_cache_what_they_read_and_no_more(void)
{
    WireProbe too_many = {.count = {0, N + 1, 0},
                          .slot_us = 1000,
                          .pool = 1,
                          .reading = WIRE_READING_COLD};
    Documents documents;
    AgentPeer peer;
    char path[64];

    if (!make_documents(path, &documents))
        return;
    peer_start_welcomed(&peer, path);
    peer_work(&peer, LITTLE_WORK);
    peer_expect_error(&peer, peer_ask_probe(&peer, &too_many), "fewer");
    expect_cached(&peer, &documents, WIRE_READING_COLD, 50, N, 50);
    expect_cached(&peer, &documents, WIRE_READING_COLD, 20, N, 20);
    expect_cached(&peer, &documents, WIRE_READING_WARM, 20, DOCUMENTS_WARM,
                  DOCUMENTS_WARM);
    CU_ASSERT_EQUAL(peer_end(&peer), 0);
    unlink(path);
}

CU_TestInfo tests_documents[] = {
    {"cold documents are all different", test_cold_documents_are_all_different},
    {"warm documents are among the first",
     test_warm_documents_are_among_the_first},
    {"direct documents are anywhere", test_direct_documents_are_anywhere},
    {"the page cache is emptied and filled",
     test_page_cache_is_emptied_and_filled},
    {"documents in memory are refused as cold",
     test_documents_in_memory_are_refused_as_cold},
    {"windows leave in the cache what they read and no more",
     test_windows_leave_in_the_cache_what_they_read_and_no_more},
    TEST_END,
};
