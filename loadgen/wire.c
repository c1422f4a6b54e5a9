/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire.h"

#include <string.h>

static const uint8_t magic[4] = {'H', 'V', 'B', '1'};

/* Where the header's fields are. */
enum {
    AT_TYPE = 4,
    AT_RESERVED = 6,
    AT_LENGTH = 8,
    AT_SEQUENCE = 12,
    AT_CRC = 16,
};

static void store(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t load(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* The remainders of the 16 half-bytes for the reflected polynomial
 * 0xEDB88320: a table small enough to check by eye, fast enough for a port. */
static uint32_t crc_add(uint32_t crc, const uint8_t *bytes, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return crc;
}

static uint32_t crc_of_frame(const uint8_t *frame, uint32_t length)
{
    uint32_t crc = crc_add(UINT32_MAX, frame + AT_TYPE, AT_CRC - AT_TYPE);

    return ~crc_add(crc, frame + WIRE_HEADER_SIZE, length);
}

size_t wire_seal(uint8_t *frame, WireType type, uint32_t sequence,
                 uint32_t length)
{
    memcpy(frame, magic, sizeof magic);
    store(frame + AT_TYPE, type, 2);
    store(frame + AT_RESERVED, 0, 2);
    store(frame + AT_LENGTH, length, 4);
    store(frame + AT_SEQUENCE, sequence, 4);
    store(frame + AT_CRC, crc_of_frame(frame, length), 4);
    return WIRE_HEADER_SIZE + length;
}

void wire_reader_init(WireReader *reader)
{
    reader->begin = reader->end = 0;
    reader->synchronised = false;
    reader->next_sequence = 0;
    reader->frames = reader->skipped_bytes = reader->lost_frames = 0;
}

/* What is unread after wire_reader_next() said false is less than a frame, so
 * bytes are moved down at most once per frame's worth of input. */
size_t wire_reader_feed(WireReader *reader, const void *bytes, size_t n)
{
    size_t unread = reader->end - reader->begin;
    size_t room;

    if (n > sizeof reader->buffer - reader->end && reader->begin > 0) {
        memmove(reader->buffer, reader->buffer + reader->begin, unread);
        reader->begin = 0;
        reader->end = unread;
    }
    room = sizeof reader->buffer - reader->end;
    n = n < room ? n : room;
    if (n > 0)
        memcpy(reader->buffer + reader->end, bytes, n);
    reader->end += n;
    return n;
}

static void skip(WireReader *reader, size_t n)
{
    reader->begin += n;
    reader->skipped_bytes += n;
}

/* Moves `begin` to where a magic starts, or to what may be the first bytes of
 * one at the end of the buffer. */
static void skip_to_magic(WireReader *reader)
{
    while (reader->begin < reader->end) {
        const uint8_t *from = reader->buffer + reader->begin;
        size_t unread = reader->end - reader->begin;
        const uint8_t *first = memchr(from, magic[0], unread);
        if (!first) {
            skip(reader, unread);
            return;
        }
        skip(reader, (size_t)(first - from));
        unread = reader->end - reader->begin;
        if (memcmp(first, magic, unread < 4 ? unread : 4) == 0)
            return;
        skip(reader, 1);
    }
}

static void count_lost(WireReader *reader, uint32_t sequence)
{
    uint32_t gap = sequence - reader->next_sequence;

    /* A number that went backwards says that something is amiss, but not how
     * much: count one. */
    if (reader->synchronised && gap > 0)
        reader->lost_frames += gap <= INT32_MAX ? gap : 1;
    reader->synchronised = true;
    reader->next_sequence = sequence + 1;
}

bool wire_reader_next(WireReader *reader, WireFrame *ret_frame)
{
    for (;; skip(reader, 1)) {
        skip_to_magic(reader);
        const uint8_t *frame = reader->buffer + reader->begin;
        size_t unread = reader->end - reader->begin;
        if (unread < WIRE_HEADER_SIZE)
            return false;
        uint32_t length = (uint32_t)load(frame + AT_LENGTH, 4);
        if (length > WIRE_MAX_PAYLOAD || load(frame + AT_RESERVED, 2) != 0)
            continue;
        if (unread < WIRE_HEADER_SIZE + length)
            return false;
        if (load(frame + AT_CRC, 4) != crc_of_frame(frame, length))
            continue;
        ret_frame->type = (WireType)load(frame + AT_TYPE, 2);
        ret_frame->sequence = (uint32_t)load(frame + AT_SEQUENCE, 4);
        ret_frame->length = length;
        ret_frame->payload = frame + WIRE_HEADER_SIZE;
        count_lost(reader, ret_frame->sequence);
        reader->begin += WIRE_HEADER_SIZE + length;
        reader->frames++;
        return true;
    }
}

/* A payload is described as a list of fields, in the order of the wire. */
typedef struct {
    uint8_t size;    /* bytes of an integer, or TEXT */
    uint16_t offset; /* in the struct */
    uint64_t max;    /* of an integer; more is malformed */
} Field;
#define TEXT 0
#define INTEGER(type, member, limit)                               \
    {                                                              \
        sizeof(((type *)0)->member), offsetof(type, member), limit \
    }
#define ANY(type, member) INTEGER(type, member, UINT64_MAX)
#define STRING(type, member)            \
    {                                   \
        TEXT, offsetof(type, member), 0 \
    }

static void put_integer(uint8_t *at, const void *value, unsigned size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case 1:
        memcpy(&u8, value, size);
        store(at, u8, size);
        break;
    case 2:
        memcpy(&u16, value, size);
        store(at, u16, size);
        break;
    case 4:
        memcpy(&u32, value, size);
        store(at, u32, size);
        break;
    default:
        memcpy(&u64, value, size);
        store(at, u64, size);
    }
}

static void get_integer(void *ret, uint64_t value, unsigned size)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    switch (size) {
    case 1:
        memcpy(ret, &u8, size);
        break;
    case 2:
        memcpy(ret, &u16, size);
        break;
    case 4:
        memcpy(ret, &u32, size);
        break;
    default:
        memcpy(ret, &value, size);
    }
}

static uint32_t put_fields(const Field *fields, size_t n_fields,
                           uint8_t *payload, const void *message)
{
    uint32_t length = 0;

    for (size_t i = 0; i < n_fields; i++) {
        const char *member = (const char *)message + fields[i].offset;
        if (fields[i].size == TEXT) {
            size_t text_length = strnlen(member, WIRE_MAX_STRING);
            store(payload + length, text_length, 2);
            memcpy(payload + length + 2, member, text_length);
            length += 2 + (uint32_t)text_length;
        } else {
            put_integer(payload + length, member, fields[i].size);
            length += fields[i].size;
        }
    }
    return length;
}

/* Reads one string from payload[*at ...). A zero within it would shorten it
 * unnoticed and is refused. */
static bool get_text(const uint8_t *payload, size_t length, size_t *at,
                     char *ret)
{
    size_t text_length;

    if (length - *at < 2)
        return false;
    text_length = (size_t)load(payload + *at, 2);
    *at += 2;
    if (text_length > WIRE_MAX_STRING || length - *at < text_length ||
        memchr(payload + *at, 0, text_length))
        return false;
    memcpy(ret, payload + *at, text_length);
    ret[text_length] = '\0';
    *at += text_length;
    return true;
}

/* Reads the fields from payload[0 ... length). Returns the bytes read, or
 * SIZE_MAX when they are malformed. */
static size_t get_fields(const Field *fields, size_t n_fields,
                         const uint8_t *payload, size_t length, void *ret)
{
    size_t at = 0;

    for (size_t i = 0; i < n_fields; i++) {
        char *member = (char *)ret + fields[i].offset;
        if (fields[i].size == TEXT) {
            if (!get_text(payload, length, &at, member))
                return SIZE_MAX;
            continue;
        }
        if (length - at < fields[i].size)
            return SIZE_MAX;
        uint64_t value = load(payload + at, fields[i].size);
        if (value > fields[i].max)
            return SIZE_MAX;
        get_integer(member, value, fields[i].size);
        at += fields[i].size;
    }
    return at;
}

#define N_FIELDS(fields) (sizeof(fields) / sizeof(fields)[0])

/* Defines wire_put_NAME and wire_get_NAME for a payload of these fields. */
#define CODEC(name, type, ...)                                             \
    static const Field name##_fields[] = {__VA_ARGS__};                    \
    uint32_t wire_put_##name(uint8_t *payload, const type *message)        \
    {                                                                      \
        return put_fields(name##_fields, N_FIELDS(name##_fields), payload, \
                          message);                                        \
    }                                                                      \
    bool wire_get_##name(const WireFrame *frame, type *ret)                \
    {                                                                      \
        return get_fields(name##_fields, N_FIELDS(name##_fields),          \
                          frame->payload, frame->length,                   \
                          ret) == frame->length;                           \
    }

CODEC(hello, WireHello, ANY(WireHello, version), ANY(WireHello, flags),
      ANY(WireHello, cpus), ANY(WireHello, memory_kib),
      ANY(WireHello, iterations_per_ms), STRING(WireHello, agent),
      STRING(WireHello, kernel), STRING(WireHello, cpu),
      STRING(WireHello, clocksource))
CODEC(welcome, WireWelcome, ANY(WireWelcome, version))
CODEC(ok, WireOk, ANY(WireOk, request))
CODEC(error, WireError, ANY(WireError, request), STRING(WireError, text))
CODEC(pong, WirePong, ANY(WirePong, request), ANY(WirePong, monotonic_ns),
      ANY(WirePong, realtime_ns))
CODEC(calibrate, WireCalibrate, ANY(WireCalibrate, budget_ms),
      ANY(WireCalibrate, tolerance_permille), ANY(WireCalibrate, moments),
      ANY(WireCalibrate, pause_ms), ANY(WireCalibrate, rounds))
CODEC(calibration, WireCalibration, ANY(WireCalibration, request),
      ANY(WireCalibration, rounds), ANY(WireCalibration, spread_permille),
      INTEGER(WireCalibration, converged, 1),
      ANY(WireCalibration, iterations_per_ms))
CODEC(work, WireWork, ANY(WireWork, iterations_per_ms))
CODEC(load, WireLoad, ANY(WireLoad, users), ANY(WireLoad, burst_mean_us),
      ANY(WireLoad, burst_cut), ANY(WireLoad, think_mean_us),
      ANY(WireLoad, seed), ANY(WireLoad, limit_permille))
CODEC(manage, WireManage, INTEGER(WireManage, method, WIRE_METHOD_CGROUP),
      ANY(WireManage, interval_ms), ANY(WireManage, memory_ms),
      ANY(WireManage, demote_permille), ANY(WireManage, restore_permille),
      ANY(WireManage, nice))
CODEC(probe, WireProbe, ANY(WireProbe, cell), ANY(WireProbe, seed),
      ANY(WireProbe, count[WIRE_KEY]), ANY(WireProbe, count[WIRE_OPEN]),
      ANY(WireProbe, count[WIRE_LAUNCH]),
      ANY(WireProbe, client_count[WIRE_KEY]),
      ANY(WireProbe, client_count[WIRE_OPEN]),
      ANY(WireProbe, client_count[WIRE_LAUNCH]), ANY(WireProbe, slot_us),
      ANY(WireProbe, pool), ANY(WireProbe, drain_ms),
      INTEGER(WireProbe, reading, WIRE_READING_WARM))
CODEC(meters, WireMeters, ANY(WireMeters, request),
      INTEGER(WireMeters, mark, WIRE_MARK_CLOSE), ANY(WireMeters, cell),
      ANY(WireMeters, monotonic_ns), ANY(WireMeters, user_ns),
      ANY(WireMeters, system_ns), ANY(WireMeters, steal_ns),
      ANY(WireMeters, idle_ns), ANY(WireMeters, users_cpu_ns),
      ANY(WireMeters, probes_cpu_ns), ANY(WireMeters, agent_cpu_ns),
      ANY(WireMeters, manager_cpu_ns), ANY(WireMeters, managers),
      STRING(WireMeters, clocksource))
CODEC(event, WireEvent, ANY(WireEvent, monotonic_ns),
      INTEGER(WireEvent, kind, WIRE_EVENT_RESTORED), ANY(WireEvent, pid),
      ANY(WireEvent, permille), STRING(WireEvent, text))
CODEC(end, WireEnd, ANY(WireEnd, cell), ANY(WireEnd, scheduled),
      ANY(WireEnd, measured), ANY(WireEnd, censored), ANY(WireEnd, failed),
      ANY(WireEnd, sent), ANY(WireEnd, started), ANY(WireEnd, done))
CODEC(start, WireStart, ANY(WireStart, cell), ANY(WireStart, index))
CODEC(done, WireDone, ANY(WireDone, cell), ANY(WireDone, index),
      INTEGER(WireDone, flags, WIRE_SAMPLE_FAILED))

static const Field samples_fields[] = {
    ANY(WireSamples, cell),
    ANY(WireSamples, sent_ns),
    INTEGER(WireSamples, n, WIRE_MAX_SAMPLES),
};
static const Field sample_fields[] = {
    ANY(WireSample, index),
    INTEGER(WireSample, operation, WIRE_N_OPERATIONS - 1),
    ANY(WireSample, flags),
    ANY(WireSample, user),
    ANY(WireSample, intended_ns),
    ANY(WireSample, started_ns),
    ANY(WireSample, ended_ns),
};

uint32_t wire_put_samples(uint8_t *payload, const WireSamples *message)
{
    uint32_t length =
        put_fields(samples_fields, N_FIELDS(samples_fields), payload, message);

    for (uint32_t i = 0; i < message->n && i < WIRE_MAX_SAMPLES; i++)
        length += put_fields(sample_fields, N_FIELDS(sample_fields),
                             payload + length, &message->samples[i]);
    return length;
}

bool wire_get_samples(const WireFrame *frame, WireSamples *ret)
{
    size_t at = get_fields(samples_fields, N_FIELDS(samples_fields),
                           frame->payload, frame->length, ret);

    if (at == SIZE_MAX ||
        frame->length - at != (size_t)ret->n * WIRE_SAMPLE_SIZE)
        return false;
    for (uint32_t i = 0; i < ret->n; i++) {
        if (get_fields(sample_fields, N_FIELDS(sample_fields),
                       frame->payload + at, WIRE_SAMPLE_SIZE,
                       &ret->samples[i]) != WIRE_SAMPLE_SIZE)
            return false;
        at += WIRE_SAMPLE_SIZE;
    }
    return true;
}
