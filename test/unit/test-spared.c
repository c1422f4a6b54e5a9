/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a manager on a host leaves alone. */
#define _GNU_SOURCE
#include "loadgen/spared.h"
#include "test/suites.h"
#include "test/unit/manager-world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HVBENCH 77
#define TEN_MINUTES (600 * 1000 / WORLD_LOOK_MS)

static unsigned n_asked;

/* The files that made-up processes run have the names of the processes. */
static bool is_spared(const ProcessLook *look)
{
    n_asked++;
    return spared_name(look->name);
}

static void init_host(World *world, WireMethod method)
{
    world_init(world, method, true);
    world->manager.place.hvbench = HVBENCH;
    world->manager.place.is_spared = is_spared;
    n_asked = 0;
}

static ProcessLook *add_named(World *world, pid_t pid, pid_t session,
                              double use, const char *name)
{
    ProcessLook *look = world_add(world, pid, session, use);

    strcpy(look->name, name);
    return look;
}

static void test_names_of_hypervisors_libvirt_and_hvbench_are_spared(void)
{
    static const char *const spared[] = {
        "qemu-system-x86_64",  "qemu-system-x86",
        "qemu-system-aarch64", "qemu-kvm",
        "qemu:guest1",         "libvirtd",
        "virtqemud",           "virtlogd",
        "virtstoraged",        "hvbench"};
    static const char *const others[] = {
        "",        "qemu",          "qemu-img",        "my-qemu-system-x86",
        "libvirt", "hvbench-agent", "hvbench-service", "virt-manager",
        "virt",    "postgres"};

    for (size_t i = 0; i < sizeof spared / sizeof spared[0]; i++)
        CU_ASSERT_TRUE(spared_name(spared[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CU_ASSERT_FALSE(spared_name(others[i]));
}

static void test_qemu_at_full_speed_for_minutes_is_never_demoted(void)
{
    static const WireMethod methods[] = {WIRE_METHOD_NICE, WIRE_METHOD_IDLE,
                                         WIRE_METHOD_CGROUP};
    World world;

    for (int m = 0; m < 3; m++) {
        init_host(&world, methods[m]);
        add_named(&world, 50, 50, 1, "libvirtd");
        add_named(&world, HVBENCH, 60, 1, "anything");
        add_named(&world, 100, 100, 1, "qemu-system-x86");
        add_named(&world, 101, 101, 8, "qemu-system-x86");
        for (int i = 0; i < TEN_MINUTES; i++) {
            world_pass(&world);
            CU_ASSERT_EQUAL_FATAL(world.manager.n_decisions, 0);
        }
        manager_clear(&world.manager);
    }
}

static void test_services_and_others_are_demoted_beside_qemu(void)
{
    World world;

    init_host(&world, WIRE_METHOD_CGROUP);
    add_named(&world, WORLD_AGENT, 60, 1, "hvbench-agent");
    add_named(&world, 100, 100, 1, "qemu-system-x86");
    add_named(&world, 200, 60, 0.5, "hvbench-service");
    add_named(&world, 201, 201, 0.5, "postgres");
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 200, 10), 0);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_DEMOTE, 201), 1);
    CU_ASSERT_EQUAL(world.manager.n_decisions, 2);
    manager_clear(&world.manager);
}

static void test_in_a_guest_names_spare_nobody(void)
{
    World world;

    world_init(&world, WIRE_METHOD_NICE, false);
    add_named(&world, 100, 100, 1, "qemu-system-x86");
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 100, 10), 0);
    manager_clear(&world.manager);
}

static void test_session_with_qemu_in_it_is_not_demoted(void)
{
    World world;

    init_host(&world, WIRE_METHOD_NICE);
    add_named(&world, 100, 30, 0, "qemu-system-x86");
    add_named(&world, 101, 30, 0.9, "make");
    add_named(&world, 102, 31, 0.9, "make");
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE_SESSION, 102,
                                         10),
                        0);
    for (int i = 0; i < 20; i++)
        world_pass(&world);
    CU_ASSERT_TRUE(manager_find(&world.manager, 101)->demoted);
    CU_ASSERT_PTR_NULL(manager_find_session(&world.manager, 30));
    manager_clear(&world.manager);
}

static void test_process_is_asked_about_once_for_each_name_it_has(void)
{
    World world;

    init_host(&world, WIRE_METHOD_NICE);
    add_named(&world, 100, 30, 0.9, "make");
    add_named(&world, 101, 31, 0, "sh");
    add_named(&world, 102, 0, 0, "kworker")->kernel = true;
    for (int i = 0; i < 50; i++)
        world_pass(&world);
    CU_ASSERT_EQUAL(n_asked, 2);
    strcpy(world.looks[1].name, "ls");
    for (int i = 0; i < 50; i++)
        world_pass(&world);
    CU_ASSERT_EQUAL(n_asked, 3);
    manager_clear(&world.manager);
}

static void test_demoted_shell_that_becomes_qemu_is_restored_for_good(void)
{
    World world;

    init_host(&world, WIRE_METHOD_NICE);
    add_named(&world, 100, 30, 0.9, "sh");
    CU_ASSERT_NOT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE_SESSION, 100,
                                         10),
                        0);
    strcpy(world.looks[0].name, "qemu-system-x86");
    world_pass(&world);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_RESTORE, 100), 1);
    CU_ASSERT_EQUAL(world_count(&world, MANAGER_RESTORE_SESSION, 100), 1);
    CU_ASSERT_EQUAL(world_pass_until(&world, MANAGER_DEMOTE, 0, 100), 0);
    manager_clear(&world.manager);
}

static void copy_program(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    ssize_t n;

    CU_ASSERT_TRUE_FATAL(in >= 0 && out >= 0);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        CU_ASSERT_EQUAL_FATAL(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

/* Runs `program` as a process that calls itself something else, by way of a
 * pipe that keeps it waiting. */
static pid_t start_program(const char *program, int *ret_pipe)
{
    char byte;
    int ends[2], ready[2];
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL_FATAL(pipe2(ready, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[0], 0);
        execl(program, "innocent", NULL);
        _exit(127);
    }
    close(ends[0]);
    close(ready[1]);
    /* Its end was closed by exec. */
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    *ret_pipe = ends[1];
    return pid;
}

static void test_program_is_known_by_its_file_even_when_that_is_gone(void)
{
    char directory[] = "/tmp/hvbench-spared-XXXXXX", program[64];
    ProcessLook look = {.name = "innocent"};
    int pipe_fd;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
    snprintf(program, sizeof program, "%s/qemu-system-none", directory);
    look.pid = getpid();
    CU_ASSERT_FALSE(spared_process(&look));
    copy_program("/bin/cat", program);
    look.pid = start_program(program, &pipe_fd);
    CU_ASSERT_TRUE(spared_process(&look));
    unlink(program);
    CU_ASSERT_TRUE(spared_process(&look));
    close(pipe_fd);
    waitpid(look.pid, NULL, 0);
    CU_ASSERT_FALSE(spared_process(&look));
    rmdir(directory);
}

CU_TestInfo tests_spared[] = {
    {"names of hypervisors, libvirt and hvbench are spared",
     test_names_of_hypervisors_libvirt_and_hvbench_are_spared},
    {"QEMU at full speed for minutes is never demoted",
     test_qemu_at_full_speed_for_minutes_is_never_demoted},
    {"services and others are demoted beside QEMU",
     test_services_and_others_are_demoted_beside_qemu},
    {"in a guest names spare nobody", test_in_a_guest_names_spare_nobody},
    {"a session with QEMU in it is not demoted",
     test_session_with_qemu_in_it_is_not_demoted},
    {"a process is asked about once for each name it has",
     test_process_is_asked_about_once_for_each_name_it_has},
    {"a demoted shell that becomes QEMU is restored for good",
     test_demoted_shell_that_becomes_qemu_is_restored_for_good},
    {"a program is known by its file even when that is gone",
     test_program_is_known_by_its_file_even_when_that_is_gone},
    TEST_END,
};
