/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loadgen/random.h"
#include "loadgen/wire.h"
#include "test/suites.h"
#include "test/unit/wire-messages.h"

#include <stdlib.h>
#include <string.h>

static void test_every_message_survives_the_round_trip(void)
{
    static uint8_t frame[WIRE_MAX_FRAME];
    static WireReader reader;

    wire_reader_init(&reader);
    for (size_t i = 0; i < N_MESSAGES; i++) {
        size_t size = make_frame(frame, &messages[i], (uint32_t)i);
        void *got = calloc(1, messages[i].size);
        WireFrame found;

        CU_ASSERT_EQUAL(wire_reader_feed(&reader, frame, size), size);
        CU_ASSERT_TRUE_FATAL(wire_reader_next(&reader, &found));
        CU_ASSERT_EQUAL(found.type, messages[i].type);
        CU_ASSERT_EQUAL(found.sequence, i);
        CU_ASSERT_TRUE(messages[i].get(&found, got));
        CU_ASSERT_EQUAL(memcmp(got, messages[i].message, messages[i].size), 0);
        CU_ASSERT_FALSE(wire_reader_next(&reader, &found));
        free(got);
    }
    CU_ASSERT_EQUAL(reader.frames, N_MESSAGES);
    CU_ASSERT_EQUAL(reader.skipped_bytes, 0);
    CU_ASSERT_EQUAL(reader.lost_frames, 0);
}

static void test_frame_is_laid_out_as_documented(void)
{
    /* The checksum was computed with zlib. */
    static const uint8_t expected[] = {'H',  'V',  'B',  '1', 10,   0,
                                       0,    0,    16,   0,   0,    0,
                                       4,    3,    2,    1,   0xfe, 0xb7,
                                       0xce, 0x4d, 44,   1,   0,    0,
                                       0,    0,    0,    0,   0x10, 0x32,
                                       0x54, 0x76, 0x98, 0,   0,    0};
    uint8_t frame[WIRE_MAX_FRAME];
    WireLoad two = {300, 0, 0x76543210, 0x98, 0, 0};
    uint32_t length = wire_put_load(frame + WIRE_HEADER_SIZE, &two);

    CU_ASSERT_EQUAL(length, 28);
    CU_ASSERT_EQUAL(wire_seal(frame, WIRE_LOAD, 0x01020304, 16), 36);
    CU_ASSERT_EQUAL(memcmp(frame, expected, sizeof expected), 0);
}

/* In memory of just that size, so that a sanitizer sees a byte too far. */
static bool get_cut(const Message *message, const uint8_t *payload,
                    uint32_t length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    void *got = calloc(1, message->size);
    WireFrame frame = {message->type, 0, length, copy};
    bool good;

    memcpy(copy, payload, length);
    good = message->get(&frame, got);
    free(got);
    free(copy);
    return good;
}

static void test_payload_of_any_other_length_is_refused(void)
{
    static uint8_t payload[WIRE_MAX_PAYLOAD + 1];

    for (size_t i = 0; i < N_MESSAGES; i++) {
        uint32_t length = messages[i].put(payload, messages[i].message);
        for (uint32_t cut = 0; cut < length; cut++)
            CU_ASSERT_FALSE(get_cut(&messages[i], payload, cut));
        CU_ASSERT_TRUE(get_cut(&messages[i], payload, length));
        payload[length] = 0;
        CU_ASSERT_FALSE(get_cut(&messages[i], payload, length + 1));
    }
}

/* Takes out all frames; returns how many. */
static unsigned drain(WireReader *reader)
{
    WireFrame frame;
    unsigned n = 0;

    while (wire_reader_next(reader, &frame))
        n++;
    return n;
}

static void test_garbage_before_and_between_frames_is_skipped_and_counted(void)
{
    static const char garbage[] = "HVHVB2HVB login: \xff\xfeHVB";
    uint8_t frame[WIRE_MAX_FRAME];
    WireReader reader;

    wire_reader_init(&reader);
    for (uint32_t sequence = 0; sequence < 3; sequence++) {
        size_t size = make_frame(frame, &messages[1], sequence);
        wire_reader_feed(&reader, garbage, sizeof garbage);
        CU_ASSERT_EQUAL(drain(&reader), 0);
        wire_reader_feed(&reader, frame, size);
        CU_ASSERT_EQUAL(drain(&reader), 1);
    }
    CU_ASSERT_EQUAL(reader.skipped_bytes, 3 * sizeof garbage);
    CU_ASSERT_EQUAL(reader.lost_frames, 0);
}

static void test_frames_in_any_pieces_among_noise_are_all_found(void)
{
    enum { N_FRAMES = 400 };
    static uint8_t stream[N_FRAMES * (WIRE_MAX_FRAME + 40)];
    static WireReader reader;
    size_t size = 0, noise = 0, at = 0;
    unsigned found = 0;
    Random random;

    random_init(&random, 1);
    for (uint32_t i = 0; i < N_FRAMES; i++) {
        for (uint64_t n = random_below(&random, 40); n > 0; n--, noise++)
            stream[size++] = (uint8_t)random_u64(&random);
        size += make_frame(stream + size, &messages[i % N_MESSAGES], i);
    }
    wire_reader_init(&reader);
    while (at < size) {
        size_t piece = 1 + (size_t)random_below(&random, WIRE_MAX_FRAME);
        piece = piece < size - at ? piece : size - at;
        CU_ASSERT_EQUAL_FATAL(wire_reader_feed(&reader, stream + at, piece),
                              piece);
        at += piece;
        found += drain(&reader);
    }
    CU_ASSERT_EQUAL(found, N_FRAMES);
    CU_ASSERT_EQUAL(reader.skipped_bytes, noise);
    CU_ASSERT_EQUAL(reader.lost_frames, 0);
}

static void test_every_flipped_bit_is_detected(void)
{
    static uint8_t frame[WIRE_MAX_FRAME];
    static WireReader reader;

    for (size_t i = 0; i < N_MESSAGES; i++) {
        size_t size = make_frame(frame, &messages[i], 5);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
            wire_reader_init(&reader);
            wire_reader_feed(&reader, frame, size);
            CU_ASSERT_EQUAL(drain(&reader), 0);
            frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void test_corrupt_frame_costs_only_itself(void)
{
    static uint8_t frame[WIRE_MAX_FRAME];
    static WireReader reader;
    size_t size = make_frame(frame, &messages[0], 0);
    uint32_t sequence = 1;
    unsigned found = 0;

    /* A length that is wrong but allowed: the reader waits for that many. */
    frame[8] = 0xff;
    frame[9] = 0x1f;
    wire_reader_init(&reader);
    wire_reader_feed(&reader, frame, size);
    for (; sequence < 2 * WIRE_MAX_FRAME / WIRE_HEADER_SIZE; sequence++) {
        size_t next = make_frame(frame, &messages[1], sequence);
        CU_ASSERT_EQUAL(wire_reader_feed(&reader, frame, next), next);
        found += drain(&reader);
    }
    CU_ASSERT_EQUAL(found, sequence - 1);
    CU_ASSERT_EQUAL(reader.skipped_bytes, size);
}

static void test_impossible_length_is_not_waited_for(void)
{
    static uint8_t frame[WIRE_MAX_FRAME];
    static WireReader reader;
    size_t size;

    make_frame(frame, &messages[1], 0);
    memcpy(frame + 8, "\x01\x20\0\0", 4); /* WIRE_MAX_PAYLOAD + 1 */
    wire_reader_init(&reader);
    wire_reader_feed(&reader, frame, WIRE_HEADER_SIZE);
    CU_ASSERT_EQUAL(drain(&reader), 0);
    CU_ASSERT_EQUAL(reader.skipped_bytes, WIRE_HEADER_SIZE);
    size = make_frame(frame, &messages[1], 0);
    wire_reader_feed(&reader, frame, size);
    CU_ASSERT_EQUAL(drain(&reader), 1);
}

static void feed_sequence(WireReader *reader, uint32_t sequence)
{
    uint8_t frame[WIRE_MAX_FRAME];
    size_t size = make_frame(frame, &messages[1], sequence);

    wire_reader_feed(reader, frame, size);
    CU_ASSERT_EQUAL(drain(reader), 1);
}

static void test_gaps_in_the_sequence_are_counted_as_lost(void)
{
    WireReader reader;

    wire_reader_init(&reader);
    feed_sequence(&reader, UINT32_MAX - 1);
    CU_ASSERT_EQUAL(reader.lost_frames, 0);
    feed_sequence(&reader, UINT32_MAX);
    feed_sequence(&reader, 0);
    CU_ASSERT_EQUAL(reader.lost_frames, 0);
    feed_sequence(&reader, 4);
    CU_ASSERT_EQUAL(reader.lost_frames, 3);
    feed_sequence(&reader, 2);
    CU_ASSERT_EQUAL(reader.lost_frames, 4);
    feed_sequence(&reader, 3);
    CU_ASSERT_EQUAL(reader.lost_frames, 4);
}

static void test_largest_samples_fit_one_frame(void)
{
    static uint8_t frame[WIRE_MAX_FRAME];
    static WireReader reader;
    static WireSamples many = {.n = WIRE_MAX_SAMPLES}, got;
    WireFrame found;
    uint32_t length;

    for (uint32_t i = 0; i < many.n; i++)
        many.samples[i] = (WireSample){i, WIRE_OPEN, 0, 1, i, i + 1, i + 2};
    length = wire_put_samples(frame + WIRE_HEADER_SIZE, &many);
    CU_ASSERT_TRUE_FATAL(length <= WIRE_MAX_PAYLOAD);
    wire_reader_init(&reader);
    wire_reader_feed(&reader, frame, wire_seal(frame, WIRE_SAMPLES, 0, length));
    CU_ASSERT_TRUE_FATAL(wire_reader_next(&reader, &found));
    CU_ASSERT_TRUE(wire_get_samples(&found, &got));
    CU_ASSERT_EQUAL(got.n, many.n);
    CU_ASSERT_EQUAL(memcmp(got.samples, many.samples, sizeof got.samples), 0);
}

static void test_counts_and_codes_out_of_range_are_refused(void)
{
    static uint8_t payload[WIRE_MAX_PAYLOAD];
    static WireSamples got;
    WireFrame frame = {WIRE_SAMPLES, 0, 0, payload};
    WireManage bad_manage = *(const WireManage *)example(WIRE_MANAGE);
    WireMeters bad_meters = *(const WireMeters *)example(WIRE_METERS);
    WireEvent bad_event = *(const WireEvent *)example(WIRE_EVENT);
    WireManage got_manage;
    WireMeters got_meters;
    WireProbe bad_probe = *(const WireProbe *)example(WIRE_PROBE);
    WireDone bad_done = *(const WireDone *)example(WIRE_DONE);
    WireEvent got_event;
    WireProbe got_probe;
    WireDone got_done;

    frame.length = wire_put_samples(payload, example(WIRE_SAMPLES));
    payload[16] = 3; /* says three, has two */
    CU_ASSERT_FALSE(wire_get_samples(&frame, &got));
    memcpy(payload + 16, "\xff\xff\xff\xff", 4);
    CU_ASSERT_FALSE(wire_get_samples(&frame, &got));
    memcpy(payload + 16, "\x02\0\0\0", 4);
    payload[20 + 4] = WIRE_N_OPERATIONS;
    CU_ASSERT_FALSE(wire_get_samples(&frame, &got));

    bad_manage.method = WIRE_METHOD_CGROUP + 1;
    frame.length = wire_put_manage(payload, &bad_manage);
    CU_ASSERT_FALSE(wire_get_manage(&frame, &got_manage));
    bad_meters.mark = WIRE_MARK_CLOSE + 1;
    frame.length = wire_put_meters(payload, &bad_meters);
    CU_ASSERT_FALSE(wire_get_meters(&frame, &got_meters));
    bad_event.kind = WIRE_EVENT_RESTORED + 1;
    frame.length = wire_put_event(payload, &bad_event);
    CU_ASSERT_FALSE(wire_get_event(&frame, &got_event));
    bad_probe.reading = WIRE_READING_WARM + 1;
    frame.length = wire_put_probe(payload, &bad_probe);
    CU_ASSERT_FALSE(wire_get_probe(&frame, &got_probe));
    bad_done.flags = WIRE_SAMPLE_FAILED + 1;
    frame.length = wire_put_done(payload, &bad_done);
    CU_ASSERT_FALSE(wire_get_done(&frame, &got_done));
}

static void test_strings_too_long_or_with_a_zero_are_refused(void)
{
    static uint8_t payload[WIRE_MAX_PAYLOAD];
    WireFrame frame = {WIRE_ERROR, 0, 6 + WIRE_MAX_STRING, payload};
    WireError longest = {.request = 1}, got;

    memset(longest.text, 'x', WIRE_MAX_STRING);
    CU_ASSERT_EQUAL(wire_put_error(payload, &longest), frame.length);
    CU_ASSERT_TRUE(wire_get_error(&frame, &got));
    CU_ASSERT_STRING_EQUAL(got.text, longest.text);
    payload[10] = 0;
    CU_ASSERT_FALSE(wire_get_error(&frame, &got));
    memset(payload + 6, 'x', WIRE_MAX_STRING + 1);
    memcpy(payload + 4, "\0\1", 2); /* WIRE_MAX_STRING + 1 */
    frame.length++;
    CU_ASSERT_FALSE(wire_get_error(&frame, &got));
}

static void test_reader_takes_no_more_than_it_holds(void)
{
    static uint8_t bytes[4 * WIRE_MAX_FRAME];
    static WireReader reader;

    wire_reader_init(&reader);
    CU_ASSERT_EQUAL(wire_reader_feed(&reader, bytes, sizeof bytes),
                    sizeof reader.buffer);
    CU_ASSERT_EQUAL(wire_reader_feed(&reader, bytes, 1), 0);
    CU_ASSERT_EQUAL(drain(&reader), 0);
    CU_ASSERT_EQUAL(reader.skipped_bytes, sizeof reader.buffer);
    CU_ASSERT_EQUAL(wire_reader_feed(&reader, bytes, 1), 1);
}

static void test_unknown_types_are_passed_on(void)
{
    uint8_t frame[WIRE_MAX_FRAME];
    WireReader reader;
    WireFrame found;

    wire_reader_init(&reader);
    wire_reader_feed(&reader, frame, wire_seal(frame, (WireType)999, 0, 0));
    CU_ASSERT_TRUE_FATAL(wire_reader_next(&reader, &found));
    CU_ASSERT_EQUAL((int)found.type, 999);
    CU_ASSERT_EQUAL(found.length, 0);
}

CU_TestInfo tests_wire[] = {
    {"every message survives the round trip",
     test_every_message_survives_the_round_trip},
    {"a frame is laid out as documented", test_frame_is_laid_out_as_documented},
    {"a payload of any other length is refused",
     test_payload_of_any_other_length_is_refused},
    {"garbage before and between frames is skipped and counted",
     test_garbage_before_and_between_frames_is_skipped_and_counted},
    {"frames in any pieces among noise are all found",
     test_frames_in_any_pieces_among_noise_are_all_found},
    {"every flipped bit is detected", test_every_flipped_bit_is_detected},
    {"a corrupt frame costs only itself", test_corrupt_frame_costs_only_itself},
    {"an impossible length is not waited for",
     test_impossible_length_is_not_waited_for},
    {"gaps in the sequence are counted as lost",
     test_gaps_in_the_sequence_are_counted_as_lost},
    {"the largest samples fit one frame", test_largest_samples_fit_one_frame},
    {"counts and codes out of range are refused",
     test_counts_and_codes_out_of_range_are_refused},
    {"strings too long or with a zero are refused",
     test_strings_too_long_or_with_a_zero_are_refused},
    {"the reader takes no more than it holds",
     test_reader_takes_no_more_than_it_holds},
    {"unknown types are passed on", test_unknown_types_are_passed_on},
    TEST_END,
};
