/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel with its modules and packages, of which only what the recipes in
 * guests/ look at is real; and a way to call these recipes. */
#ifndef TEST_UNIT_KERNEL_FIXTURE_H
#define TEST_UNIT_KERNEL_FIXTURE_H

#include "test/unit/program.h"
#include "test/unit/root-fixture.h"

#define KERNEL_RELEASE "6.6.6-test"
#define KERNEL_MAGIC KERNEL_RELEASE " SMP preempt mod_unload "

/* The source's directory, in which guests/ is. Caller frees. NULL if it or a
 * program that the recipes need is not there: then the test is marked as
 * skipped. */
char *kernel_find_recipes(void);

/* The head of a bzImage; `flags` are its xloadflags. */
#define KERNEL_64_BIT 1
void kernel_write_image(const Root *root, const char *file, const char *release,
                        guint flags);
/* A module that depends on others, with ',' between them. */
void kernel_write_module(const Root *root, const char *file,
                         const char *depends, const char *magic);
/* Below `dir` those that a guest needs, none of them built in, and no
 * modules.dep. */
void kernel_write_modules(const Root *root, const char *dir);
/* Runs `format` as a shell's command in the root. */
void kernel_shell(const Root *root, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Runs a recipe in the source's directory; `argv` ends with NULL. `path`: more
 * programs, beating others; `uid`: as whom; 0: as the caller. */
void kernel_run(const char *path, uid_t uid, const char *const *argv,
                ProgramOutcome *ret_outcome);

#endif
