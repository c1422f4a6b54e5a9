/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/fuzz/fuzz.h"
#include "test/suites.h"
#include "test/unit/wire-messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 200000
#define ROUNDS_TO_RECOVERY 1000

/* One reader for all rounds: what one leaves behind is the next one's burden.
 */
typedef struct {
    Random random;
    WireReader reader;
    uint32_t sequence; /* of the next frame */
    uint32_t found;    /* sequence of the last frame that was found */
    uint64_t fed, in_frames, n_frames;
    uint64_t accepted[N_MESSAGES], refused[N_MESSAGES];
} Fuzz;

static void fail(const Fuzz *fuzz, const char *what)
{
    fprintf(stderr, "\n  frame %u: %s\n", fuzz->sequence, what);
    CU_FAIL_FATAL("fuzzed frame");
}

/* What is accepted must be what was sent, nothing added or left out. All memory
 * is of just its size, so that a sanitizer sees a byte too far. */
static bool decode(Fuzz *fuzz, const Message *message, const WireFrame *frame)
{
    static uint8_t again[WIRE_MAX_PAYLOAD];
    void *got = malloc(message->size);
    bool good = message->get(frame, got);

    if (good && (message->put(again, got) != frame->length ||
                 memcmp(again, frame->payload, frame->length) != 0))
        fail(fuzz, "is written back differently");
    free(got);
    return good;
}

static void take(Fuzz *fuzz, const WireFrame *frame)
{
    uint8_t *copy = malloc(frame->length > 0 ? frame->length : 1);
    WireFrame exact = *frame;

    memcpy(copy, frame->payload, frame->length);
    exact.payload = copy;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        if (decode(fuzz, &messages[i], &exact))
            fuzz->accepted[i]++;
        else
            fuzz->refused[i]++;
    }
    free(copy);
    fuzz->found = frame->sequence;
    fuzz->in_frames += WIRE_HEADER_SIZE + frame->length;
    fuzz->n_frames++;
}

static void check_counters(const Fuzz *fuzz)
{
    const WireReader *reader = &fuzz->reader;

    if (reader->begin > reader->end || reader->end > sizeof reader->buffer)
        fail(fuzz, "the reader left its buffer");
    if (reader->frames != fuzz->n_frames)
        fail(fuzz, "frames are miscounted");
    if (fuzz->in_frames + reader->skipped_bytes +
            (reader->end - reader->begin) !=
        fuzz->fed)
        fail(fuzz, "bytes are miscounted");
}

static void feed(Fuzz *fuzz, const uint8_t *bytes, size_t n)
{
    WireFrame frame;
    size_t at = 0;

    while (at < n) {
        size_t piece = 1 + (size_t)random_below(&fuzz->random, n - at);
        if (wire_reader_feed(&fuzz->reader, bytes + at, piece) != piece)
            fail(fuzz, "the reader is stuck");
        at += piece;
        fuzz->fed += piece;
        while (wire_reader_next(&fuzz->reader, &frame))
            take(fuzz, &frame);
        check_counters(fuzz);
    }
}

/* Half of the mutations are sealed, so that they get past the checksum. */
static void feed_mutated(Fuzz *fuzz)
{
    static uint8_t frame[WIRE_MAX_FRAME];
    const Message *message = &messages[random_below(&fuzz->random, N_MESSAGES)];
    size_t size = make_frame(frame, message, fuzz->sequence);

    if (random_below(&fuzz->random, 2) == 0) {
        size = fuzz_bytes(&fuzz->random, frame, size, sizeof frame);
    } else {
        size = fuzz_bytes(&fuzz->random, frame + WIRE_HEADER_SIZE,
                          size - WIRE_HEADER_SIZE, WIRE_MAX_PAYLOAD);
        size = wire_seal(frame, message->type, fuzz->sequence, (uint32_t)size);
    }
    fuzz->sequence++;
    feed(fuzz, frame, size);
}

/* No header among what came before can make the reader wait for more than a
 * frame's worth of bytes. */
static void expect_recovery(Fuzz *fuzz)
{
    uint8_t frame[WIRE_MAX_FRAME];
    uint64_t until = fuzz->fed + WIRE_MAX_FRAME;

    do {
        size_t size = make_frame(frame, &messages[fuzz->sequence % N_MESSAGES],
                                 fuzz->sequence);
        feed(fuzz, frame, size);
        fuzz->sequence++;
    } while (fuzz->fed < until);
    if (fuzz->found != fuzz->sequence - 1 ||
        fuzz->reader.begin != fuzz->reader.end)
        fail(fuzz, "intact frames were lost");
}

void test_mutated_frames_are_found_or_skipped_and_all_bytes_counted(void)
{
    static Fuzz fuzz;

    random_init(&fuzz.random, 1);
    wire_reader_init(&fuzz.reader);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        feed_mutated(&fuzz);
        if (round % ROUNDS_TO_RECOVERY == 0)
            expect_recovery(&fuzz);
    }
    /* Otherwise it was no test. */
    for (size_t i = 0; i < N_MESSAGES; i++) {
        CU_ASSERT_TRUE(fuzz.accepted[i] > 0);
        CU_ASSERT_TRUE(fuzz.refused[i] > 0);
    }
    CU_ASSERT_TRUE(fuzz.reader.skipped_bytes > ROUNDS);
    CU_ASSERT_TRUE(fuzz.reader.lost_frames > 0);
}
