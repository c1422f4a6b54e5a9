/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection without libvirt: it only has a directory, below /var/tmp. */
#ifndef TEST_UNIT_CONNECTION_FIXTURE_H
#define TEST_UNIT_CONNECTION_FIXTURE_H

#include "hvbench/bed/connection-private.h"

HvbConnection *connection_without_libvirt(void);
/* Removes the directory, too. */
void connection_without_libvirt_free(HvbConnection *connection);

#endif
