/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "init.h"

#include "clock.h"
#include "files.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MODULES "/modules.load"
#define PORTS "/sys/class/virtio-ports"
#define PORT_LIMIT_NS (60 * NS_PER_S)
#define PORT_STEP_NS (100 * NS_PER_MS)
#define CLOCK_LIMIT_NS (3 * NS_PER_S)

void init_power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
    /* PID 1 must not end, that would be a panic. */
    for (;;)
        pause();
}

void init_fail(const char *format, ...)
{
    char reason[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    /* In one piece: the kernel writes to the console, too. */
    fprintf(stderr, "[hvbench-agent] FATAL: %s; powering off\n", reason);
    init_power_off();
}

static bool mount_at(const char *type, const char *where)
{
    mkdir(where, 0755);
    return mount(type, where, type, MS_NOSUID | MS_NOEXEC, NULL) == 0 ||
           errno == EBUSY;
}

/* An initramfs need not have a /dev/console; then the kernel has started init
 * without descriptors. */
static void take_console(void)
{
    int fd = open("/dev/console", O_RDWR | O_NOCTTY);

    if (fd < 0)
        return;
    for (int standard = 0; standard <= 2; standard++)
        if (fd != standard)
            dup2(fd, standard);
    if (fd > 2)
        close(fd);
}

static void mount_all(void)
{
    bool has_devices = mount_at("devtmpfs", "/dev");
    int reason = errno;

    take_console();
    if (!has_devices)
        init_fail("cannot mount devtmpfs on /dev: %s", strerror(reason));
    if (!mount_at("proc", "/proc"))
        init_fail("cannot mount proc on /proc: %s", strerror(errno));
    if (!mount_at("sysfs", "/sys"))
        init_fail("cannot mount sysfs on /sys: %s", strerror(errno));
    /* Only one of the manager's methods and a limit on users need it, and say
     * so themselves. */
    mount_at("cgroup2", "/sys/fs/cgroup");
}

static void load_module(const char *path)
{
    size_t length = strlen(path);
    bool plain = length >= 3 && strcmp(path + length - 3, ".ko") == 0;
    int flags = plain ? 0 : MODULE_INIT_COMPRESSED_FILE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        init_fail("module %s: %s", path, strerror(errno));
    if (syscall(SYS_finit_module, fd, "", flags) != 0) {
        if (errno != EEXIST)
            init_fail("module %s: %s", path, strerror(errno));
        fprintf(stderr, "[hvbench-agent] module %s is there already\n", path);
    }
    close(fd);
}

static void load_modules(void)
{
    FILE *list = fopen(MODULES, "re");
    char line[512];

    if (!list && errno != ENOENT)
        init_fail("cannot read %s: %s", MODULES, strerror(errno));
    while (list && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0')
            load_module(line);
    }
    if (list)
        fclose(list);
}

/* Returns the descriptor of the port of that name, or -1 while there is none.
 */
static int open_port(const char *wanted)
{
    DIR *ports = opendir(PORTS);
    struct dirent *entry;
    char path[sizeof PORTS + 300], name[128];
    int fd = -1;

    while (ports && fd < 0 && (entry = readdir(ports))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, PORTS "/%s/name", entry->d_name);
        if (!file_read(path, name, sizeof name) || strcmp(name, wanted) != 0)
            continue;
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    if (ports)
        closedir(ports);
    return fd;
}

static int wait_for_port(void)
{
    uint64_t limit_ns = clock_now_ns() + PORT_LIMIT_NS;
    bool told = false;
    int fd;

    while ((fd = open_port(WIRE_PORT_NAME)) < 0) {
        if (clock_now_ns() >= limit_ns)
            init_fail("no virtio-serial port named %s: does the domain have "
                      "that channel, and is virtio_console loaded?",
                      WIRE_PORT_NAME);
        if (!told)
            fprintf(stderr, "[hvbench-agent] waiting for port %s\n",
                    WIRE_PORT_NAME);
        told = true;
        clock_sleep_until(clock_now_ns() + PORT_STEP_NS);
    }
    return fd;
}

/* The kernel starts on a TSC of which it knows the frequency only roughly, and
 * changes to the measured one a second later: times from before would be off
 * by up to 0.1 %. */
static void wait_for_clock(void)
{
    uint64_t limit_ns = clock_now_ns() + CLOCK_LIMIT_NS;
    char name[64];

    while (file_read(FILE_CLOCKSOURCE, name, sizeof name) &&
           strcmp(name, "tsc-early") == 0 && clock_now_ns() < limit_ns)
        clock_sleep_until(clock_now_ns() + PORT_STEP_NS);
}

int init_guest(int *ret_client_fd)
{
    struct utsname name;
    int fd;

    mount_all();
    load_modules();
    fd = wait_for_port();
    /* Its number is lower, so it was there first. */
    *ret_client_fd = open_port(WIRE_CLIENT_PORT_NAME);
    wait_for_clock();
    uname(&name);
    fprintf(stderr, "[hvbench-agent] ready, kernel %s\n", name.release);
    return fd;
}
