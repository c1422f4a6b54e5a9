/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/wire-messages.h"

#define ADAPT(name, type)                                             \
    static uint32_t put_##name(uint8_t *payload, const void *message) \
    {                                                                 \
        return wire_put_##name(payload, message);                     \
    }                                                                 \
    static bool get_##name(const WireFrame *frame, void *ret)         \
    {                                                                 \
        return wire_get_##name(frame, ret);                           \
    }

ADAPT(hello, WireHello)
ADAPT(welcome, WireWelcome)
ADAPT(ok, WireOk)
ADAPT(error, WireError)
ADAPT(pong, WirePong)
ADAPT(calibrate, WireCalibrate)
ADAPT(calibration, WireCalibration)
ADAPT(work, WireWork)
ADAPT(load, WireLoad)
ADAPT(manage, WireManage)
ADAPT(probe, WireProbe)
ADAPT(samples, WireSamples)
ADAPT(meters, WireMeters)
ADAPT(event, WireEvent)
ADAPT(end, WireEnd)
ADAPT(start, WireStart)
ADAPT(done, WireDone)

#define BIG UINT64_C(0xfedcba9876543210)

static const WireHello hello = {WIRE_VERSION, WIRE_HELLO_DISK, 1,  BIG,  490000,
                                "v1-3-gabc",  "6.1.0 #1",      "", "tsc"};
static const WireWelcome welcome = {0x1234};
static const WireOk ok = {0xfffffffe};
static const WireError error = {7, "PROBE: no documents"};
static const WirePong pong = {8, BIG, BIG - 1};
static const WireCalibrate calibrate = {20000, 20, 7, 400, 90};
static const WireCalibration calibration = {9, 11, 13, 1, 512345};
static const WireWork work = {BIG};
static const WireLoad load = {12, 100000, 4, 700000, BIG, 300};
static const WireManage manage = {WIRE_METHOD_CGROUP, 500, 3000, 60, 30, -5};
static const WireProbe probe = {BIG,    42, {40, 120, 20}, {7, 8, 9},
                                500000, 16, 5000,          WIRE_READING_WARM};
static const WireSamples samples = {3,
                                    BIG,
                                    2,
                                    {{0, WIRE_KEY, 0, 15, 100, BIG, BIG},
                                     {1, WIRE_LAUNCH, WIRE_SAMPLE_CENSORED,
                                      65535, 1, 2, 3}}};
static const WireMeters meters = {
    0, WIRE_MARK_CLOSE, 5, 1, 2, 3, 4, 5, 6, BIG, 8, 9, 1, "kvm-clock"};
static const WireEvent event = {1, WIRE_EVENT_RESTORED, 77, 950, "user"};
static const WireEnd end = {1, 180, 175, 4, 1, 180, 60, 59};
static const WireStart start = {BIG, 19999};
static const WireDone done = {BIG, 19999, WIRE_SAMPLE_FAILED};

#define MESSAGE(type, name)                                 \
    {                                                       \
        type, sizeof(name), &(name), put_##name, get_##name \
    }
const Message messages[N_MESSAGES] = {
    MESSAGE(WIRE_HELLO, hello),
    MESSAGE(WIRE_WELCOME, welcome),
    MESSAGE(WIRE_OK, ok),
    MESSAGE(WIRE_ERROR, error),
    MESSAGE(WIRE_PONG, pong),
    MESSAGE(WIRE_CALIBRATE, calibrate),
    MESSAGE(WIRE_CALIBRATION, calibration),
    MESSAGE(WIRE_WORK, work),
    MESSAGE(WIRE_LOAD, load),
    MESSAGE(WIRE_MANAGE, manage),
    MESSAGE(WIRE_PROBE, probe),
    MESSAGE(WIRE_SAMPLES, samples),
    MESSAGE(WIRE_METERS, meters),
    MESSAGE(WIRE_EVENT, event),
    MESSAGE(WIRE_END, end),
    MESSAGE(WIRE_START, start),
    MESSAGE(WIRE_DONE, done),
};
const void *example(WireType type)
{
    size_t i = 0;

    while (messages[i].type != type)
        i++;
    return messages[i].message;
}

size_t make_frame(uint8_t *frame, const Message *message, uint32_t sequence)
{
    uint32_t length = message->put(frame + WIRE_HEADER_SIZE, message->message);

    return wire_seal(frame, message->type, sequence, length);
}
