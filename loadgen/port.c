/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_SIZE ((size_t)1 << 20)
#define MAX_WRITE ((size_t)32 * 1024) /* what virtio-serial takes at once */

bool port_init(Port *port, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    port->queue = malloc(QUEUE_SIZE);
    if (!port->queue)
        return false;
    /* Written to now: memory must not be looked for in a window. */
    memset(port->queue, 0, QUEUE_SIZE);
    port->fd = fd;
    port_restart(port);
    return true;
}

void port_clear(Port *port)
{
    close(port->fd);
    free(port->queue);
    port->fd = -1;
    port->queue = NULL;
}

void port_restart(Port *port)
{
    wire_reader_init(&port->reader);
    port->sequence = 0;
    port->begin = port->used = 0;
}

uint8_t *port_payload(Port *port)
{
    return port->frame + WIRE_HEADER_SIZE;
}

bool port_has_room(const Port *port)
{
    return QUEUE_SIZE - port->used >= WIRE_MAX_FRAME;
}

void port_send(Port *port, WireType type, uint32_t length)
{
    size_t size = wire_seal(port->frame, type, port->sequence++, length);
    size_t end = (port->begin + port->used) % QUEUE_SIZE;
    size_t first = QUEUE_SIZE - end < size ? QUEUE_SIZE - end : size;

    if (QUEUE_SIZE - port->used < size)
        return;
    memcpy(port->queue + end, port->frame, first);
    memcpy(port->queue, port->frame + first, size - first);
    port->used += size;
}

bool port_flush(Port *port)
{
    while (port->used > 0) {
        size_t n = QUEUE_SIZE - port->begin;
        n = n < port->used ? n : port->used;
        n = n < MAX_WRITE ? n : MAX_WRITE;
        ssize_t written = write(port->fd, port->queue + port->begin, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == EAGAIN;
        if (written == 0)
            return true;
        port->begin = (port->begin + (size_t)written) % QUEUE_SIZE;
        port->used -= (size_t)written;
    }
    return true;
}

bool port_receive(Port *port)
{
    uint8_t bytes[WIRE_MAX_FRAME];
    ssize_t n;

    do
        n = read(port->fd, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN;
    /* Fits: the caller takes all frames out before it comes back. */
    wire_reader_feed(&port->reader, bytes, (size_t)n);
    return n > 0;
}

short port_poll_events(const Port *port)
{
    return port->used > 0 ? POLLIN | POLLOUT : POLLIN;
}

bool port_is_connected(const Port *port)
{
    struct pollfd poll_fd = {.fd = port->fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) >= 0 &&
           (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}
