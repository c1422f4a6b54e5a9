/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Init: what PID 1 of a guest owes it.
 *
 * The initramfs holds the agent as /init, the kernel modules, and /modules.load
 * with their paths, one a line, in the order they are to be loaded (no such
 * file: none are needed). All messages go to the console. */
#ifndef LOADGEN_INIT_H
#define LOADGEN_INIT_H

/* The guest's disk, if it has one. */
#define INIT_DOCUMENTS "/dev/vda"

/* Mounts the kernel's file systems, takes the console as standard input and
 * output, loads the modules, waits at most 60 s for the port named
 * WIRE_PORT_NAME and opens it; the client port, too, which is made with it.
 * Returns its descriptor, the client port's (-1: there is none) in
 * `ret_client_fd`; whatever goes wrong ends in init_fail(). */
int init_guest(int *ret_client_fd);

/* Says why on the console and powers off. */
__attribute__((noreturn, format(printf, 1, 2))) void
init_fail(const char *format, ...);

__attribute__((noreturn)) void init_power_off(void);

#endif
