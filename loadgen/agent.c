/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent: hvbench-agent --port PATH | --fd N [OPTION...] */
#define _GNU_SOURCE
#include "clock.h"
#include "init.h"
#include "operations.h"
#include "session.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2
/* Above the users and the probe users, whose load must not keep the agent from
 * answering, below the manager. */
#define AGENT_NICE (-5)
#define CLIENT_PORT_LIMIT_NS (5 * NS_PER_S)
#define CLIENT_PORT_STEP_NS (100 * NS_PER_MS)

static const char usage[] =
    "usage: hvbench-agent --port PATH | --fd N  [OPTION...]\n"
    "       hvbench-agent --help | --version\n"
    "\n"
    "The part of hvbench that runs inside a guest, or beside guests: it\n"
    "emulates users, times operations and manages priorities, as hvbench on\n"
    "the host asks for.\n"
    "\n"
    "  --port PATH       talk through this device, e.g. /dev/vport1p1; wait\n"
    "                    for a host, and for the next one when it is gone\n"
    "  --fd N            talk through this open descriptor (a socket, both\n"
    "                    ways); end when the other side closes it\n"
    "  --client-port PATH, --client-fd N\n"
    "                    the same for the second stream, over which the host\n"
    "                    asks for the operations that it times itself; a\n"
    "                    host is told if there is none, or nothing at PATH\n"
    "  --documents FILE  where the operation 'open' reads: a block device or\n"
    "                    a file, 64 KiB or more, which is only read; with\n"
    "                    --port it may come late or never: hosts are told\n"
    "  --host            run on the host: users are its services, and the\n"
    "                    manager spares hypervisors, libvirt and hvbench\n"
    "\n"
    "Without options and as PID 1 it is the init of a guest: it mounts /proc,\n"
    "/sys and /dev, loads the modules listed in /modules.load, talks through\n"
    "the virtio-serial port org.hvbench.agent.0 and reads from /dev/vda.\n"
    "\n"
    "The priority manager and a limit on users need root. Everything started\n"
    "is stopped, and every priority given back, when the agent ends.\n"
    "\n"
    "Exit status: 0 the host closed the connection or a signal asked for the\n"
    "end, 1 failure, 2 bad usage.\n";

typedef struct {
    const char *port;
    const char *client_port;
    const char *documents;
    int fd;
    int client_fd;
    bool on_host;
} Options;

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "hvbench-agent: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

static int refuse_usage(const char *why)
{
    fprintf(stderr, "hvbench-agent: %s; see hvbench-agent --help\n", why);
    return EXIT_USAGE;
}

static bool parse_fd(const char *text, int *ret)
{
    char *end;
    long fd = strtol(text, &end, 10);

    *ret = (int)fd;
    return *text != '\0' && *end == '\0' && fd >= 0 && fd <= 1 << 20;
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, Options *ret)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"fd", required_argument, NULL, 'f'},
        {"client-port", required_argument, NULL, 'P'},
        {"client-fd", required_argument, NULL, 'F'},
        {"documents", required_argument, NULL, 'd'},
        {"host", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'p':
            ret->port = optarg;
            break;
        case 'f':
            if (!parse_fd(optarg, &ret->fd))
                return refuse_usage("--fd wants the number of a descriptor");
            break;
        case 'P':
            ret->client_port = optarg;
            break;
        case 'F':
            if (!parse_fd(optarg, &ret->client_fd))
                return refuse_usage(
                    "--client-fd wants the number of a descriptor");
            break;
        case 'd':
            ret->documents = optarg;
            break;
        case 'o':
            ret->on_host = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        case 'v':
            puts("hvbench-agent " HVB_VERSION);
            return EXIT_SUCCESS;
        default:
            return refuse_usage("bad option");
        }
    }
    if (optind < argc)
        return refuse_usage("takes no arguments but options");
    if ((ret->port != NULL) == (ret->fd >= 0))
        return refuse_usage("wants either --port or --fd");
    if (ret->client_port && ret->client_fd >= 0)
        return refuse_usage("wants --client-port or --client-fd, not both");
    return -1;
}

/* Whether it could. A child sets itself back to nice 0. */
static bool raise_own_priority(void)
{
    return setpriority(PRIO_PROCESS, 0, AGENT_NICE) == 0;
}

static int run_as_init(void)
{
    SessionOptions options = {.waits_for_hosts = true,
                              .is_init = true,
                              .documents = INIT_DOCUMENTS};

    options.fd = init_guest(&options.client_fd);
    options.may_not_hurry = !raise_own_priority();
    if (session_run(&options) == SESSION_BROKEN)
        init_fail("the session cannot be set up: %s", strerror(errno));
    init_power_off();
}

static int open_device(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd >= 0 && fstat(fd, &status) == 0 && !S_ISCHR(status.st_mode)) {
        close(fd);
        errno = ENODEV;
        return -1;
    }
    return fd;
}

/* Both ports come into being together, but their names are made by udev, which
 * keeps no order. */
static int open_client_port(const char *path)
{
    uint64_t limit_ns = clock_now_ns() + CLIENT_PORT_LIMIT_NS;
    int fd;

    while ((fd = open_device(path)) < 0 && errno == ENOENT &&
           clock_now_ns() < limit_ns)
        clock_sleep_until(clock_now_ns() + CLIENT_PORT_STEP_NS);
    return fd;
}

/* Of a descriptor that was open already. */
static bool take_over(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* A host that starts the agent itself can mend what is wrong with the documents
 * at once; where the agent waits for hosts, each is told. */
static const char *find_fault_with_documents(const Options *options)
{
    Documents documents;

    return options->documents && !options->port
               ? documents_find(options->documents, &documents)
               : NULL;
}

static int run_as_process(const Options *options)
{
    SessionOptions session = {.fd = options->fd,
                              .client_fd = options->client_fd,
                              .waits_for_hosts = options->port != NULL,
                              .on_host = options->on_host,
                              .documents = options->documents};
    const char *fault = find_fault_with_documents(options);

    if (fault)
        return refuse(options->documents, fault);
    if (options->port) {
        session.fd = open_device(options->port);
        if (session.fd < 0)
            return refuse(options->port, errno == ENODEV
                                             ? "is no character device"
                                             : strerror(errno));
    }
    if (options->client_port)
        session.client_fd = open_client_port(options->client_port);
    else if (options->client_fd >= 0 && !take_over(options->client_fd))
        return refuse("--client-fd", strerror(errno));
    /* Processes launched by a probe user that is killed come to the agent. */
    prctl(PR_SET_CHILD_SUBREAPER, 1ul);
    session.may_not_hurry = !raise_own_priority();
    if (session_run(&session) == SESSION_BROKEN)
        return refuse("the connection cannot be used", strerror(errno));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    Options options = {.fd = -1, .client_fd = -1};
    int status;

    if (argc == 4 && strcmp(argv[1], "--launched") == 0)
        return operation_launched(argv[2], argv[3]);
    /* Words that the kernel does not know it hands to init. */
    if (getpid() == 1 && (argc < 2 || strncmp(argv[1], "--", 2) != 0))
        return run_as_init();
    status = parse_options(argc, argv, &options);
    return status >= 0 ? status : run_as_process(&options);
}
