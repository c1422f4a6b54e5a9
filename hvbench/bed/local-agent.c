/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "hvbench/bed/local-agent.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/console.h"
#include "hvbench/bed/placement.h"

#include <errno.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGENT "hvbench-agent"
#define NAME "host"
#define AGENT_FD 3
#define CLIENT_FD 4
/* For stopping what it runs and giving priorities back. */
#define END_PATIENCE_US (10 * G_USEC_PER_SEC)
#define END_STEP_US 5000
/* Between the close of its socket and the end of its process. */
#define DYING_PATIENCE_US (G_USEC_PER_SEC / 2)

static char *find_binary(void)
{
    const char *wanted = g_getenv("HVBENCH_AGENT");
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = g_path_get_dirname(program ? program : "");
    g_autofree char *beside = g_build_filename(dir, AGENT, NULL);
    g_autofree char *data = hvb_profile_dir();

    if (wanted && *wanted)
        return g_strdup(wanted);
    return g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE)
               ? g_steal_pointer(&beside)
               : g_build_filename(data, AGENT, NULL);
}

/* Runs between fork and exec. */
static void leave_terminal(gpointer user_data)
{
    (void)user_data;
    setsid();
}

static GPtrArray *make_arguments(const char *binary, const char *const *options)
{
    GPtrArray *arguments = g_ptr_array_new();

    g_ptr_array_add(arguments, (gpointer)binary);
    g_ptr_array_add(arguments, "--fd");
    g_ptr_array_add(arguments, G_STRINGIFY(AGENT_FD));
    g_ptr_array_add(arguments, "--client-fd");
    g_ptr_array_add(arguments, G_STRINGIFY(CLIENT_FD));
    for (; *options; options++)
        g_ptr_array_add(arguments, (gpointer)*options);
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

static gboolean spawn(HvbLocalAgent *self, const char *const *options,
                      const int sockets[2], GError **error)
{
    const int targets[] = {AGENT_FD, CLIENT_FD};
    g_autofree char *binary = find_binary();
    g_autoptr(GPtrArray) arguments = make_arguments(binary, options);
    g_autoptr(GError) local = NULL;

    if (g_spawn_async_with_pipes_and_fds(NULL,
                                         (const char *const *)arguments->pdata,
                                         NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                         leave_terminal, NULL, -1, self->output,
                                         self->output, sockets, targets, 2,
                                         &self->pid, NULL, NULL, NULL, &local))
        return TRUE;
    self->pid = 0;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "cannot run the agent on this host: %s ('make' in hvbench's "
                "source builds it, 'make install' installs it)",
                local->message);
    return FALSE;
}

static gboolean connect_and_spawn(HvbLocalAgent *self,
                                  const char *const *options, GError **error)
{
    int ends[2], client_ends[2] = {-1, -1};

    self->output = memfd_create(AGENT, MFD_CLOEXEC);
    if (self->output < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client_ends) != 0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot make a connection to an agent on this host: %s",
                    g_strerror(errno));
        return FALSE;
    }
    self->link = hvb_link_new(hvb_fd_port_new(ends[0]), NAME);
    self->client_fd = client_ends[0];
    g_unix_set_fd_nonblocking(self->client_fd, TRUE, NULL);
    const int theirs[] = {ends[1], client_ends[1]};
    gboolean ok = spawn(self, options, theirs, error);
    close(ends[1]);
    close(client_ends[1]);
    return ok;
}

static gboolean up_or_gone(gpointer user_data)
{
    const HvbLink *link = user_data;

    return hvb_link_is_up(link) || hvb_link_why_down(link);
}

static gboolean wait_for_hello(HvbLocalAgent *self, guint timeout_s,
                               GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) local = NULL;

    hvb_wait(up_or_gone, self->link, timeout_s * 1000, "HELLO", cancellable,
             &local);
    if (hvb_link_is_up(self->link))
        return TRUE;
    if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_autofree char *why = hvb_local_agent_explain(self);
    if (hvb_link_why_down(self->link))
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                    "the agent on this host was not ready (%s): %s",
                    hvb_link_why_down(self->link), why);
    else
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                    "the agent on this host did not say HELLO within %u s: %s",
                    timeout_s, why);
    return FALSE;
}

HvbLocalAgent *hvb_local_agent_start(const char *group,
                                     const char *const *options,
                                     guint timeout_s, GCancellable *cancellable,
                                     GError **error)
{
    g_autoptr(HvbLocalAgent) self = g_new0(HvbLocalAgent, 1);

    self->output = -1;
    hvb_group_remove_leftovers("/");
    self->group = hvb_group_make("/", group, error);
    /* It starts nothing before it is asked to: all that will be in there. */
    if (!self->group || !connect_and_spawn(self, options, error) ||
        !hvb_group_add(self->group, self->pid, error) ||
        !wait_for_hello(self, timeout_s, cancellable, error))
        return NULL;
    return g_steal_pointer(&self);
}

/* Whether it has ended. */
static gboolean reap(HvbLocalAgent *self, int options)
{
    if (self->pid > 0 &&
        waitpid(self->pid, &self->status, options) == self->pid)
        self->pid = 0;
    return self->pid == 0;
}

static gboolean reap_patiently(HvbLocalAgent *self, guint patience_us)
{
    for (guint waited = 0; !reap(self, WNOHANG); waited += END_STEP_US) {
        if (waited >= patience_us)
            return FALSE;
        g_usleep(END_STEP_US);
    }
    return TRUE;
}

static void end(HvbLocalAgent *self)
{
    if (reap_patiently(self, END_PATIENCE_US))
        return;
    g_warning("the agent on this host (PID %d) did not end by itself",
              self->pid);
    kill(self->pid, SIGKILL);
    reap(self, 0);
}

void hvb_local_agent_free(HvbLocalAgent *agent)
{
    if (!agent)
        return;
    g_clear_pointer(&agent->link, hvb_link_free);
    if (agent->client_fd > 0)
        close(agent->client_fd);
    end(agent);
    g_clear_pointer(&agent->group, hvb_group_free);
    if (agent->output >= 0)
        close(agent->output);
    g_free(agent);
}

static cpu_set_t to_set(const HvbCpus *cpus)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    for (guint cpu = 0; cpu < HVB_CPU_LIMIT; cpu++)
        if (hvb_cpus_have(cpus, cpu))
            CPU_SET(cpu, &set);
    return set;
}

char *hvb_local_agent_place(const HvbLocalAgent *agent, const HvbCpus *usable,
                            guint cpus, guint *ret_n, GError **error)
{
    g_autoptr(GArray) pids = hvb_group_pids(agent->group);
    g_autofree char *proc = g_strdup_printf("/proc/%d", agent->pid);
    HvbCpus wanted, now;

    hvb_placement_choose(usable, cpus, HVB_AFFINITY_FLOAT, 0, &wanted);
    const cpu_set_t set = to_set(&wanted);
    /* One that ends meanwhile does not matter; the agent is asked below. */
    for (guint i = 0; i < pids->len; i++)
        (void)sched_setaffinity(g_array_index(pids, GPid, i), sizeof set, &set);
    if (!hvb_cpus_of_thread(proc, &now, error))
        return NULL;
    g_autofree char *now_text = hvb_cpus_text(&now);
    if (!hvb_cpus_equal(&wanted, &now)) {
        g_autofree char *wanted_text = hvb_cpus_text(&wanted);
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_TUNING,
                    "the agent on this host was put on its CPUs %s, but the "
                    "kernel says %s",
                    wanted_text, now_text);
        return NULL;
    }
    *ret_n = hvb_cpus_count(&now);
    return g_steal_pointer(&now_text);
}

gboolean hvb_local_agent_read(const HvbLocalAgent *agent, HvbTuning *ret_now,
                              GError **error)
{
    g_autofree char *proc = g_strdup_printf("/proc/%d", agent->pid);
    HvbTuning now;
    HvbCpus cpus;

    if (!hvb_group_read_tuning(agent->group, &now, error) ||
        !hvb_cpus_of_thread(proc, &cpus, error))
        return FALSE;
    g_autofree char *text = hvb_cpus_text(&cpus);
    g_strlcpy(now.cpus, text, sizeof now.cpus);
    *ret_now = now;
    return TRUE;
}

char *hvb_local_agent_output(const HvbLocalAgent *agent)
{
    return g_strdup_printf("/proc/self/fd/%d", agent->output);
}

char *hvb_local_agent_explain(HvbLocalAgent *agent)
{
    g_autofree char *path = hvb_local_agent_output(agent);
    g_autofree char *said = hvb_console_explain(path, "(standard error)");

    if (!reap_patiently(agent,
                        hvb_link_why_down(agent->link) ? DYING_PATIENCE_US : 0))
        return g_strdup_printf("its process %d is there; %s", agent->pid, said);
    return g_strdup_printf("it ended with %s %d; %s",
                           WIFSIGNALED(agent->status) ? "signal" : "status",
                           WIFSIGNALED(agent->status)
                               ? WTERMSIG(agent->status)
                               : WEXITSTATUS(agent->status),
                           said);
}
