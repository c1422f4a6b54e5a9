/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Port: the agent's end of the byte stream to the host.
 *
 * Never blocks: frames wait in a queue of fixed size. A frame that does not fit
 * is dropped whole and takes its sequence number with it, so the host sees the
 * gap. A virtio-serial port without a host at its other end polls as hung up,
 * and comes back to life when there is one. */
#ifndef LOADGEN_PORT_H
#define LOADGEN_PORT_H

#include "wire.h"

typedef struct {
    int fd;
    uint32_t sequence; /* of the next frame */
    WireReader reader;
    uint8_t *queue; /* a ring */
    size_t begin, used;
    uint8_t frame[WIRE_MAX_FRAME]; /* the one being made */
} Port;

/* Takes over the descriptor. False: errno; it is still the caller's. */
bool port_init(Port *port, int fd);
void port_clear(Port *port);

/* Forgets what is queued and half read, and counts from 0 again: for another
 * host. */
void port_restart(Port *port);

/* Where the payload of the next frame is to be put. */
uint8_t *port_payload(Port *port);

/* Queues the frame around the payload put there. */
void port_send(Port *port, WireType type, uint32_t length);

/* Whether a frame of any size fits into the queue. */
bool port_has_room(const Port *port);

/* Writes what can be written. False: there is nobody any more. */
bool port_flush(Port *port);

/* Reads what has come, as much as the reader holds; take the frames with
 * wire_reader_next (&port->reader). False: there is nobody any more. */
bool port_receive(Port *port);

/* What to poll() the descriptor for. */
short port_poll_events(const Port *port);

/* Whether there is somebody at the other end now. */
bool port_is_connected(const Port *port);

#endif
