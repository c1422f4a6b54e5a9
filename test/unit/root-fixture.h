/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory that stands for "/": with a /proc and /sys of the test's own. */
#ifndef TEST_UNIT_ROOT_FIXTURE_H
#define TEST_UNIT_ROOT_FIXTURE_H

#include <glib.h>
#include <sys/types.h>

/* Its path. */
typedef char Root;
Root *root_new(void);
void root_free(Root *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Root, root_free)

/* Writes `length` bytes, -1: a string, to a file whose directories are made. */
void write_bytes_below(const Root *root, const char *file, const char *bytes,
                       gssize length);
void write_below(const Root *root, const char *file, const char *text);

/* Until become_again() with what it returns, root is a user without rights;
 * anybody else is already. */
uid_t become_nobody(void);
void become_again(uid_t uid);

#endif
