/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/session-private.h"

#include "hvbench/bed/accel.h"
#include "hvbench/bed/host-cpus.h"
#include "hvbench/bed/hypervisor.h"
#include "hvbench/bed/images.h"
#include "hvbench/bed/libvirt-bed.h"
#include "hvbench/bed/native-bed.h"
#include "hvbench/bed/state.h"
#include "hvbench/cli/provenance.h"
#include "hvbench/profile/turn.h"
#include "hvbench/run/stands.h"

#include <unistd.h>

/* How often a bed is booted anew after it lost a guest. */
#define REBOOTS_AT_MOST 2
/* The control group of the host's emulated services. */
#define SERVICES_GROUP "hvbench-services"

static void on_boot(guint up, guint all, gpointer user_data)
{
    HvbSession *self = user_data;

    hvb_progress_phase(self->progress, "booting guests: %u of %u up", up, all);
}

/* Takes `text` over; NULL: there is nothing to warn of. `about` may be NULL. */
static void warn(HvbSession *self, const char *about, char *text)
{
    g_autofree char *said = text;
    g_autofree char *line =
        g_strconcat(about ? about : "", about ? ": " : "", said, NULL);

    if (said)
        hvb_session_note(self, "warning", line);
}

/* Takes `why` over. */
static void add_cause(GError **error, char *why)
{
    g_autoptr(GError) cause = g_steal_pointer(error);

    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST, "%s; %s",
                cause->message, why);
    g_free(why);
}

/* A call to libvirt may fail on a guest's end before its port is seen to be
 * closed. */
static gboolean is_lost(HvbBed *bed, guint guest)
{
    const HvbLink *link = bed->guests[guest].link;

    return (link && hvb_link_why_down(link)) ||
           (bed->is_over && bed->is_over(bed, guest));
}

/* Where a guest or the host's agent is gone, that is the cause, whatever failed
 * on it first (a libvirt call, say); adds what the last of it was. One that
 * does not answer may be held. */
static void explain(HvbBed *bed, GError **error)
{
    for (guint i = 0; i < bed->n_guests; i++) {
        if (!is_lost(bed, i))
            continue;
        add_cause(error, bed->explain(bed, i));
        return;
    }
    if (bed->host && hvb_link_why_down(bed->host->link)) {
        add_cause(error, bed->host->explain(bed->host));
        return;
    }
    if (!g_error_matches(*error, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT))
        return;
    char *held = hvb_stands_describe(bed);
    if (held)
        add_cause(error, held);
}

/* Making beds */

/* The connection holds the machine's lock itself. */
static gboolean hold_lock(HvbSession *self, GError **error)
{
    if (!self->connection && self->lock < 0)
        self->lock = hvb_state_lock(HVB_LOCK_FILE, error);
    return self->connection || self->lock >= 0;
}

static void drop_lock(HvbSession *self)
{
    if (self->lock >= 0)
        close(self->lock);
    self->lock = -1;
}

static gboolean connect_once(HvbSession *self, GError **error)
{
    if (self->connection)
        return TRUE;
    hvb_progress_phase(self->progress, "connecting to libvirt");
    if (!hold_lock(self, error))
        return FALSE;
    int lock = self->lock;
    self->lock = -1;
    self->connection =
        hvb_connection_open_locked(self->settings->connect, lock, error);
    return self->connection != NULL;
}

static HvbBed *boot_guests(HvbSession *self, const HvbProfile *profile,
                           const char *console, GError **error)
{
    const HvbBootSettings boot = {console, on_boot, self,
                                  self->settings->cancellable};
    g_autofree char *reason = NULL;

    if (!connect_once(self, error))
        return NULL;
    hvb_progress_phase(self->progress, "looking for an accelerator");
    HvbAccel accel =
        hvb_accel_choose(self->connection, profile, &boot, &reason, error);
    if (accel == HVB_ACCEL_AUTO)
        return NULL;
    hvb_session_spend(self, HVB_EXPENSE_SETUP, 1);
    hvb_progress_phase(self->progress, "booting %u guest%s", profile->n_guests,
                       profile->n_guests == 1 ? "" : "s");
    warn(self, NULL, hvb_images_memory_doubt("/", profile));
    HvbBed *bed = hvb_libvirt_bed_boot(self->connection, profile, accel, reason,
                                       &boot, error);
    if (!bed)
        return NULL;
    g_autofree char *up =
        g_strdup_printf("%u guest%s up: %s, %s, %s (%s)", bed->n_guests,
                        bed->n_guests == 1 ? " is" : "s are",
                        bed->stack.hypervisor, bed->stack.machine,
                        bed->stack.accel, bed->stack.accel_reason);
    hvb_session_note(self, "boot", up);
    return bed;
}

/* Guests that a killed hvbench left behind would be measured along; connecting
 * clears them away. */
static gboolean clear_guests(HvbSession *self, GError **error)
{
    g_autoptr(GArray) left = hvb_hypervisor_pids("/", HVB_DOMAIN_PREFIX);

    return left->len == 0 || connect_once(self, error);
}

static HvbBed *start_native(HvbSession *self, const HvbProfile *profile,
                            const char *console, GError **error)
{
    if (!hold_lock(self, error) || !clear_guests(self, error))
        return NULL;
    hvb_progress_phase(self->progress, "starting the native bed");
    HvbBed *bed = hvb_native_bed_start(profile, console,
                                       self->settings->cancellable, error);
    if (bed)
        hvb_session_note(self, "boot",
                         "the native bed is up: no guests, the host itself");
    return bed;
}

/* Whether a scenario on the bed needs the host's own agent. */
static gboolean wants_host_agent(HvbSession *self, guint bed_index)
{
    for (guint i = 0; i < self->settings->profiles->len; i++) {
        const HvbProfile *profile = hvb_session_profile(self, i);
        if (self->settings->planner->beds[i] == bed_index &&
            (profile->services > 0 || profile->host_manager))
            return TRUE;
    }
    return FALSE;
}

static HvbBed *make_bed(HvbSession *self, const HvbProfile *profile,
                        guint bed_index, GError **error)
{
    const HvbSessionSettings *settings = self->settings;
    g_autofree char *console = g_build_filename(settings->dir, "console", NULL);
    g_autoptr(HvbBed) bed = profile->native
                                ? start_native(self, profile, console, error)
                                : boot_guests(self, profile, console, error);

    if (!bed)
        return NULL;
    if (wants_host_agent(self, bed_index)) {
        bed->host =
            hvb_host_agent_start(SERVICES_GROUP, settings->cancellable, error);
        if (!bed->host)
            return NULL;
    }
    if (!hvb_provenance_add_bed(settings->store, settings->dir, bed_index, bed,
                                profile, error))
        return NULL;
    return g_steal_pointer(&bed);
}

static gboolean run_bed(HvbSession *self, guint bed_index,
                        const HvbProfile *profile, GError **error)
{
    HvbPlanner *planner = self->settings->planner;
    const HvbExpense expense =
        profile->native ? HVB_EXPENSE_SETUP : HVB_EXPENSE_BOOT;
    g_autoptr(GError) failure = NULL;
    HvbBed *bed = make_bed(self, profile, bed_index, error);

    if (!bed) {
        hvb_session_spend(self, HVB_EXPENSE_INTERRUPTED, 0);
        return FALSE;
    }
    hvb_session_spend(self, expense, profile->native ? 0 : bed->n_guests);
    gboolean ok = hvb_session_run_cells(self, bed, bed_index, &failure);
    planner->set_up(planner, bed_index, FALSE);
    hvb_progress_phase(self->progress, profile->native
                                           ? "stopping the native bed"
                                           : "stopping the guests");
    if (!ok && !g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        explain(bed, &failure);
    hvb_bed_free(bed);
    hvb_session_spend(self, expense, 0);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&failure));
    return ok;
}

/* A guest that does not answer in time is as good as lost. */
static gboolean is_lost_guest(const GError *failure)
{
    return g_error_matches(failure, HVB_BED_ERROR, HVB_BED_ERROR_GUEST) ||
           g_error_matches(failure, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT);
}

static gboolean run_bed_with_reboots(HvbSession *self, guint bed_index,
                                     GError **error)
{
    HvbPlanner *planner = self->settings->planner;
    HvbPlanCell cell;
    guint reboots = 0;

    while (planner->next(planner, bed_index, &cell)) {
        g_autoptr(GError) failure = NULL;
        if (run_bed(self, bed_index, hvb_session_profile(self, cell.scenario),
                    &failure))
            return TRUE;
        if (!is_lost_guest(failure) || reboots++ == REBOOTS_AT_MOST) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        g_autofree char *again =
            g_strdup_printf("booting the guests anew (%u of %d times at most)",
                            reboots, REBOOTS_AT_MOST);
        hvb_session_note(self, "lost", failure->message);
        hvb_session_note(self, "reboot", again);
    }
    return TRUE;
}

/* Warnings of the layers below go above the redrawn part of the screen. */
static void on_log(const char *domain, GLogLevelFlags level,
                   const char *message, gpointer user_data)
{
    (void)domain;
    hvb_session_note(user_data,
                     level & G_LOG_LEVEL_WARNING ? "warning" : "message",
                     message);
}

static void session_clear(HvbSession *self)
{
    g_clear_pointer(&self->connection, hvb_connection_close);
    drop_lock(self);
    g_log_remove_handler(G_LOG_DOMAIN, self->log_handler);
    g_clear_pointer(&self->progress, hvb_progress_free);
    g_clear_pointer(&self->cells, g_ptr_array_unref);
    g_clear_pointer(&self->p3s, g_ptr_array_unref);
    g_free(self->enforced_shown);
    g_free(self->drawn);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbSession, session_clear)

static void session_init(HvbSession *self, const HvbSessionSettings *settings)
{
    *self = (HvbSession){.settings = settings, .lock = -1};
    self->progress = hvb_progress_new(stdout);
    self->log_handler =
        g_log_set_handler(G_LOG_DOMAIN,
                          G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE, on_log,
                          self);
    self->enforced_shown = g_new0(gboolean, settings->profiles->len);
    self->drawn = g_new0(gboolean, settings->profiles->len);
    self->cells = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_cell_free);
    self->p3s = g_ptr_array_new_with_free_func((GDestroyNotify)hvb_p3_free);
    for (guint i = 0; i < settings->profiles->len; i++)
        g_ptr_array_add(self->p3s,
                        hvb_p3_for_profile(settings->profiles->pdata[i]));
    self->lap_us = g_get_monotonic_time();
    hvb_session_take_done(self);
    hvb_session_show_plan(self);
}

/* The plan was to measure each level of the profiles. */
static gboolean check_measured(HvbSession *self, GError **error)
{
    guint n = hvb_session_count_unmeasured(self);

    if (n > 0)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                    "there was no time left for %u of the planned levels", n);
    return n == 0;
}

static gboolean has_guests(HvbSession *self)
{
    for (guint i = 0; i < self->settings->profiles->len; i++)
        if (!hvb_session_profile(self, i)->native)
            return TRUE;
    return FALSE;
}

/* What the scenarios will not have of this host's CPUs, or have too little of.
 */
static gboolean check_cpus(HvbSession *self, GError **error)
{
    HvbHostCpus own, guests;

    if (!hvb_host_cpus_read_own("/", &own, error))
        return FALSE;
    guests = own;
    if (has_guests(self) && !hvb_host_cpus_read("/", &guests, error))
        return FALSE;
    warn(self, NULL, hvb_host_cpus_doubt(&guests));
    for (guint i = 0; i < self->settings->profiles->len; i++) {
        const HvbProfile *profile = hvb_session_profile(self, i);
        const HvbHostCpus *cpus = profile->native ? &own : &guests;
        warn(self, profile->name, hvb_host_cpus_lack(cpus, profile->cpus));
        warn(self, profile->name,
             hvb_turn_doubt(profile, hvb_cpus_count(&cpus->usable)));
    }
    return TRUE;
}

gboolean hvb_session_run(const HvbSessionSettings *settings, GError **error)
{
    g_auto(HvbSession) self = {.lock = -1};

    session_init(&self, settings);
    if (!hold_lock(&self, error) ||
        !hvb_provenance_add_host(settings->store, settings->dir,
                                 has_guests(&self), error) ||
        !check_cpus(&self, error))
        return FALSE;
    for (guint bed = 0; bed < settings->planner->n_beds; bed++)
        if (!run_bed_with_reboots(&self, bed, error))
            return FALSE;
    return check_measured(&self, error);
}
