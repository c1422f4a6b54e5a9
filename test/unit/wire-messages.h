/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message of each type that has a payload, for tests of the wire. */
#ifndef TEST_UNIT_WIRE_MESSAGES_H
#define TEST_UNIT_WIRE_MESSAGES_H

#include "loadgen/wire.h"

typedef struct {
    WireType type;
    size_t size;
    const void *message;
    uint32_t (*put)(uint8_t *payload, const void *message);
    bool (*get)(const WireFrame *frame, void *ret);
} Message;

#define N_MESSAGES 17
extern const Message messages[N_MESSAGES];

/* The message of this type, which must be among them. */
const void *example(WireType type);

/* Writes the whole frame; returns its size. */
size_t make_frame(uint8_t *frame, const Message *message, uint32_t sequence);

#endif
