/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wire: the protocol between hvbench on the host and one agent.
 *
 * Both sides speak in frames over any reliable byte stream (virtio-serial,
 * socketpair). A frame, all integers little-endian:
 *
 *   offset size
 *        0    4  magic     "HVB1"
 *        4    2  type      WireType
 *        6    2  reserved  0
 *        8    4  length    bytes of payload, 0 ... WIRE_MAX_PAYLOAD
 *       12    4  sequence  per direction, from 0, +1 for each frame, wraps
 *       16    4  crc       CRC-32 (IEEE 802.3, reflected, as in zlib) of
 *                          bytes 4 ... 15 and the payload
 *       20    n  payload
 *
 * A reader that meets anything else skips bytes until the next intact frame
 * and counts what it skipped; a gap in `sequence` counts frames lost.
 *
 * Conversation. The agent repeats HELLO once a second until the host answers
 * WELCOME; either side drops a peer of another WIRE_VERSION. After that the
 * host sends requests and the agent answers each with one frame that names
 * the request's sequence number in `request`: the answer listed below, or OK,
 * or ERROR. SAMPLES, METERS (marked OPEN and CLOSE), EVENT and END are sent
 * unasked while a window runs.
 *
 *   request     answer        what it asks for
 *   PING        PONG          the agent's clocks
 *   CALIBRATE   CALIBRATION   iterations of work per millisecond
 *   WORK        OK            use this many iterations per millisecond
 *   LOAD        OK            have so many emulated users (0: none)
 *   MANAGE      OK            start or stop the priority manager
 *   PROBE       OK            make the schedule, open the window; the window
 *                             ends with END
 *   METER       METERS        the guest's own view of its CPU
 *   RESET       OK            no users, no manager, no window
 *   POWEROFF    -             as PID 1: power off; else exit
 *
 * A second stream, the client port, carries nothing but START and DONE: the
 * operations of a window that are timed by the host ("client side"), which asks
 * for each when it is to begin and takes the time when the answer is back. On
 * that stream sequence numbers count nothing, since several processes of the
 * agent write to it, each frame in one piece; both frames name the operation.
 *
 *   START       DONE          do this operation of the schedule now
 *
 * Times are the agent's CLOCK_MONOTONIC in nanoseconds unless said otherwise.
 * Strings are a u16 length and that many bytes, at most WIRE_MAX_STRING,
 * without a terminating zero. */
#ifndef LOADGEN_WIRE_H
#define LOADGEN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 6
#define WIRE_HEADER_SIZE 20
#define WIRE_MAX_PAYLOAD 8192
#define WIRE_MAX_FRAME (WIRE_HEADER_SIZE + WIRE_MAX_PAYLOAD)
#define WIRE_MAX_STRING 255
#define WIRE_PORT_NAME "org.hvbench.agent.0"
#define WIRE_CLIENT_PORT_NAME "org.hvbench.client.0"

typedef enum {
    WIRE_HELLO = 1,
    WIRE_WELCOME = 2,
    WIRE_OK = 3,
    WIRE_ERROR = 4,
    WIRE_PING = 5,
    WIRE_PONG = 6,
    WIRE_CALIBRATE = 7,
    WIRE_CALIBRATION = 8,
    WIRE_WORK = 9,
    WIRE_LOAD = 10,
    WIRE_MANAGE = 11,
    WIRE_PROBE = 12,
    WIRE_SAMPLES = 13,
    WIRE_METER = 14,
    WIRE_METERS = 15,
    WIRE_EVENT = 16,
    WIRE_END = 17,
    WIRE_RESET = 18,
    WIRE_POWEROFF = 19,
    WIRE_START = 20,
    WIRE_DONE = 21,
} WireType;

/* The operations of an emulated user whose delay is measured. */
typedef enum {
    WIRE_KEY = 0,    /* 5 ms of work */
    WIRE_OPEN = 1,   /* 60 ms of work and a document read from disk */
    WIRE_LAUNCH = 2, /* fork, exec and 120 ms of work */
    WIRE_N_OPERATIONS = 3,
} WireOperation;

/* From where an operation is started and timed. */
typedef enum {
    WIRE_SERVER = 0, /* by the guest's own timer, on the guest's clock */
    WIRE_CLIENT =
        1, /* by the host, over the client port, on the host's clock */
    WIRE_N_VANTAGES = 2,
} WireVantage;

/* agent -> host: u16 version, u16 flags, u32 cpus, u64 memory_kib,
 * u64 iterations_per_ms, strings agent, kernel, cpu, clocksource. */
typedef struct {
    uint16_t version;
    uint16_t flags;             /* WIRE_HELLO_* */
    uint32_t cpus;              /* online */
    uint64_t memory_kib;        /* MemTotal */
    uint64_t iterations_per_ms; /* first rough value, others may be booting */
    char agent[WIRE_MAX_STRING + 1];       /* revision of the agent */
    char kernel[WIRE_MAX_STRING + 1];      /* uname -r and -v */
    char cpu[WIRE_MAX_STRING + 1];         /* model name */
    char clocksource[WIRE_MAX_STRING + 1]; /* current_clocksource */
} WireHello;
#define WIRE_HELLO_INIT 1u      /* runs as PID 1 */
#define WIRE_HELLO_AUTOGROUP 2u /* sched_autogroup_enabled is 1 */
#define WIRE_HELLO_DISK 4u      /* documents are on a block device */
#define WIRE_HELLO_CLIENT 8u    /* it has the client port open */

/* host -> agent: u16 version. */
typedef struct {
    uint16_t version;
} WireWelcome;

/* agent -> host, OK: u32 request. */
typedef struct {
    uint32_t request;
} WireOk;

/* agent -> host, ERROR: u32 request, string text. */
typedef struct {
    uint32_t request;
    char text[WIRE_MAX_STRING + 1];
} WireError;

/* agent -> host, PONG: u32 request, u64 monotonic_ns, u64 realtime_ns. */
typedef struct {
    uint32_t request;
    uint64_t monotonic_ns;
    uint64_t realtime_ns;
} WirePong;

/* host -> agent, CALIBRATE: u32 budget_ms, u32 tolerance_permille, u32 moments
 * (1 to WIRE_MAX_MOMENTS), u32 pause_ms, u32 rounds (1 to
 * WIRE_MAX_MOMENT_ROUNDS). At a moment the agent times that many rounds of work
 * of about a millisecond. It takes such moments, with a pause between two,
 * until the last `moments` of them agree within the tolerance, or the budget,
 * pauses included, is used up: the speed that a host gives at one moment need
 * not be its usual one. */
#define WIRE_MAX_MOMENTS 16
#define WIRE_MAX_MOMENT_ROUNDS 1000
typedef struct {
    uint32_t budget_ms;
    uint32_t tolerance_permille;
    uint32_t moments;
    uint32_t pause_ms;
    uint32_t rounds;
} WireCalibrate;

/* agent -> host, CALIBRATION: u32 request, u32 rounds (of all moments), u32
 * spread_permille, u32 converged (0, 1: the last moments agreed), u64
 * iterations_per_ms: the median over the last moments of the rate that a tenth
 * of each one's rounds surpassed; the spread is these moments' (max - min) /
 * median. */
typedef struct {
    uint32_t request;
    uint32_t rounds;
    uint32_t spread_permille;
    uint32_t converged;
    uint64_t iterations_per_ms;
} WireCalibration;

/* host -> agent, WORK: u64 iterations_per_ms, > 0. Lasts until the next. */
typedef struct {
    uint64_t iterations_per_ms;
} WireWork;

/* host -> agent, LOAD: u32 users, u32 burst_mean_us, u32 burst_cut (a burst
 * is at most this many times the mean), u32 think_mean_us, u64 seed,
 * u32 limit_permille. Replaces the users there were. think_mean_us 0: users
 * that never pause. limit_permille is a limit on all users together, of one
 * CPU, that the agent's own kernel enforces in periods of 100 ms (0: none, else
 * at least 10; ERROR where it cannot). It excludes a manager with the method
 * CGROUP: a process is in one cgroup only. */
typedef struct {
    uint32_t users;
    uint32_t burst_mean_us;
    uint32_t burst_cut;
    uint32_t think_mean_us;
    uint64_t seed;
    uint32_t limit_permille;
} WireLoad;

/* host -> agent, MANAGE: u32 method (WireMethod, NONE stops the manager),
 * u32 interval_ms between looks, u32 memory_ms (time constant of the decaying
 * mean of a process's CPU use), u32 demote_permille and u32 restore_permille
 * (of one CPU: above the first a process is demoted, below the second given
 * its priority back), i32 nice (method NICE). */
typedef enum {
    WIRE_METHOD_NONE = 0,
    WIRE_METHOD_NICE = 1,   /* setpriority, autogroup-aware */
    WIRE_METHOD_IDLE = 2,   /* SCHED_IDLE, autogroup-aware */
    WIRE_METHOD_CGROUP = 3, /* a cgroup of minimum weight */
} WireMethod;
typedef struct {
    uint32_t method;
    uint32_t interval_ms;
    uint32_t memory_ms;
    uint32_t demote_permille;
    uint32_t restore_permille;
    int32_t nice;
} WireManage;

/* host -> agent, PROBE: u64 cell (echoed), u64 seed, u32 count of each
 * operation (key, open, launch), u32 client_count of each (ERROR if there are
 * any and the client port is not open), u32 slot_us (one operation per slot;
 * see schedule.h), u32 pool (probe users, 1 ... WIRE_MAX_POOL, for each vantage
 * that has operations), u32 drain_ms (how long after the window an unfinished
 * operation is waited for), u32 reading (WireReading): how `open` reads. COLD
 * takes a document for each, at most as many as there are; ERROR where the page
 * cache cannot be brought into the state that it asks for. */
typedef enum {
    WIRE_READING_DIRECT = 0, /* past the page cache, where that is possible */
    WIRE_READING_COLD = 1,   /* through it; the document is not in it */
    WIRE_READING_WARM = 2,   /* through it; the document is in it */
} WireReading;
#define WIRE_MAX_POOL 64
#define WIRE_MAX_SCHEDULE 20000
typedef struct {
    uint64_t cell;
    uint64_t seed;
    uint32_t count[WIRE_N_OPERATIONS];        /* server side */
    uint32_t client_count[WIRE_N_OPERATIONS]; /* client side */
    uint32_t slot_us;
    uint32_t pool;
    uint32_t drain_ms;
    uint32_t reading;
} WireProbe;

/* agent -> host, SAMPLES: u64 cell, u64 sent_ns (when the frame was made), u32
 * n, then n times: u32 index in the schedule, u8 operation, u8 flags, u16 probe
 * user, u64 intended_ns, u64 started_ns, u64 ended_ns. Server side only. */
#define WIRE_SAMPLE_CENSORED \
    1u /* still running: ended_ns is when it was left */
#define WIRE_SAMPLE_UNSTARTED 2u /* (also censored) no probe user was free */
#define WIRE_SAMPLE_FAILED 4u    /* the operation itself failed (errno, exec) */
#define WIRE_SAMPLE_SIZE 32
#define WIRE_MAX_SAMPLES ((WIRE_MAX_PAYLOAD - 20) / WIRE_SAMPLE_SIZE)
typedef struct {
    uint32_t index;
    uint8_t operation;
    uint8_t flags;
    uint16_t user;
    uint64_t intended_ns;
    uint64_t started_ns;
    uint64_t ended_ns;
} WireSample;
typedef struct {
    uint64_t cell;
    uint64_t sent_ns;
    uint32_t n;
    WireSample samples[WIRE_MAX_SAMPLES];
} WireSamples;

/* agent -> host, METERS: u32 request (0 unless asked), u32 mark, u64 cell,
 * then u64 each: monotonic_ns, user_ns (with nice), system_ns (with irq),
 * steal_ns, idle_ns (with iowait), users_cpu_ns, probes_cpu_ns, agent_cpu_ns,
 * manager_cpu_ns, then u32 managers (priority managers that run now: 0 or 1),
 * then string clocksource (in use now). The first four CPU
 * times are /proc/stat's, the others the sum over the processes (launched
 * children included), since the agent began. */
typedef enum {
    WIRE_MARK_ASKED = 0,
    WIRE_MARK_OPEN = 1,  /* the window opens: monotonic_ns is its start */
    WIRE_MARK_CLOSE = 2, /* the window closes, unfinished ones may drain */
} WireMark;
typedef struct {
    uint32_t request;
    uint32_t mark;
    uint64_t cell;
    uint64_t monotonic_ns;
    uint64_t user_ns;
    uint64_t system_ns;
    uint64_t steal_ns;
    uint64_t idle_ns;
    uint64_t users_cpu_ns;
    uint64_t probes_cpu_ns;
    uint64_t agent_cpu_ns;
    uint64_t manager_cpu_ns;
    uint32_t managers;
    char clocksource[WIRE_MAX_STRING + 1];
} WireMeters;

/* agent -> host, EVENT: u64 monotonic_ns, u32 kind, u32 pid, u32 permille
 * (the process's CPU use), string text (its name, or the message). */
typedef enum {
    WIRE_EVENT_NOTE = 0,
    WIRE_EVENT_DEMOTED = 1,
    WIRE_EVENT_RESTORED = 2,
} WireEventKind;
typedef struct {
    uint64_t monotonic_ns;
    uint32_t kind;
    uint32_t pid;
    uint32_t permille;
    char text[WIRE_MAX_STRING + 1];
} WireEvent;

/* agent -> host, END: u64 cell, u32 scheduled, u32 measured, u32 censored,
 * u32 failed, u32 sent (samples put into SAMPLES frames of this window), all of
 * the server side; u32 started, u32 done: of the client side, the STARTs that
 * came and the DONEs that went (one that went just as the window was left may
 * be missing here). scheduled = measured + censored + failed = sent, or
 * something was lost. */
typedef struct {
    uint64_t cell;
    uint32_t scheduled;
    uint32_t measured;
    uint32_t censored;
    uint32_t failed;
    uint32_t sent;
    uint32_t started;
    uint32_t done;
} WireEnd;

/* host -> agent, on the client port, START: u64 cell, u32 index in the
 * schedule. */
typedef struct {
    uint64_t cell;
    uint32_t index;
} WireStart;

/* agent -> host, on the client port, DONE: u64 cell, u32 index, u32 flags
 * (WIRE_SAMPLE_FAILED or 0). */
typedef struct {
    uint64_t cell;
    uint32_t index;
    uint32_t flags;
} WireDone;

/* One frame as found in a reader's buffer; `payload` is borrowed until the
 * reader is touched again. */
typedef struct {
    WireType type;
    uint32_t sequence;
    uint32_t length;
    const uint8_t *payload;
} WireFrame;

/* Reader: bytes in, intact frames out, in fixed memory. */
typedef struct {
    uint8_t buffer[2 * WIRE_MAX_FRAME];
    size_t begin, end; /* unread bytes are buffer[begin .. end) */
    bool synchronised; /* a first frame has set `next_sequence` */
    uint32_t next_sequence;
    uint64_t frames;        /* intact frames returned */
    uint64_t skipped_bytes; /* bytes that belonged to no intact frame */
    uint64_t lost_frames;   /* gaps in the sequence numbers */
} WireReader;

void wire_reader_init(WireReader *reader);

/* Takes up to `n` bytes; returns how many fitted (all of them, if
 * wire_reader_next() was called until it returned false before). */
size_t wire_reader_feed(WireReader *reader, const void *bytes, size_t n);

/* Finds the next intact frame. Returns false when more bytes are needed. */
bool wire_reader_next(WireReader *reader, WireFrame *ret_frame);

/* Writes the frame around `length` bytes of payload that already stand at
 * frame + WIRE_HEADER_SIZE. Returns the frame's size in bytes. */
size_t wire_seal(uint8_t *frame, WireType type, uint32_t sequence,
                 uint32_t length);

/* wire_put_X writes X's payload to `payload` (room for WIRE_MAX_PAYLOAD) and
 * returns its length. wire_get_X reads it; false: the payload is malformed (too
 * short, too long, a string or count out of bounds) and *ret is undefined. */
uint32_t wire_put_hello(uint8_t *payload, const WireHello *message);
bool wire_get_hello(const WireFrame *frame, WireHello *ret);
uint32_t wire_put_welcome(uint8_t *payload, const WireWelcome *message);
bool wire_get_welcome(const WireFrame *frame, WireWelcome *ret);
uint32_t wire_put_ok(uint8_t *payload, const WireOk *message);
bool wire_get_ok(const WireFrame *frame, WireOk *ret);
uint32_t wire_put_error(uint8_t *payload, const WireError *message);
bool wire_get_error(const WireFrame *frame, WireError *ret);
uint32_t wire_put_pong(uint8_t *payload, const WirePong *message);
bool wire_get_pong(const WireFrame *frame, WirePong *ret);
uint32_t wire_put_calibrate(uint8_t *payload, const WireCalibrate *message);
bool wire_get_calibrate(const WireFrame *frame, WireCalibrate *ret);
uint32_t wire_put_calibration(uint8_t *payload, const WireCalibration *message);
bool wire_get_calibration(const WireFrame *frame, WireCalibration *ret);
uint32_t wire_put_work(uint8_t *payload, const WireWork *message);
bool wire_get_work(const WireFrame *frame, WireWork *ret);
uint32_t wire_put_load(uint8_t *payload, const WireLoad *message);
bool wire_get_load(const WireFrame *frame, WireLoad *ret);
uint32_t wire_put_manage(uint8_t *payload, const WireManage *message);
bool wire_get_manage(const WireFrame *frame, WireManage *ret);
uint32_t wire_put_probe(uint8_t *payload, const WireProbe *message);
bool wire_get_probe(const WireFrame *frame, WireProbe *ret);
uint32_t wire_put_samples(uint8_t *payload, const WireSamples *message);
bool wire_get_samples(const WireFrame *frame, WireSamples *ret);
uint32_t wire_put_meters(uint8_t *payload, const WireMeters *message);
bool wire_get_meters(const WireFrame *frame, WireMeters *ret);
uint32_t wire_put_event(uint8_t *payload, const WireEvent *message);
bool wire_get_event(const WireFrame *frame, WireEvent *ret);
uint32_t wire_put_end(uint8_t *payload, const WireEnd *message);
bool wire_get_end(const WireFrame *frame, WireEnd *ret);
uint32_t wire_put_start(uint8_t *payload, const WireStart *message);
bool wire_get_start(const WireFrame *frame, WireStart *ret);
uint32_t wire_put_done(uint8_t *payload, const WireDone *message);
bool wire_get_done(const WireFrame *frame, WireDone *ret);

#endif
