/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/keys.h"

#include "hvbench/profile/names.h"

#include <string.h>

#define PROFILE(member) G_STRUCT_OFFSET(HvbProfile, member)
#define GUEST(member) G_STRUCT_OFFSET(HvbGuestProfile, member)

/* Seeds stay exact as a number in JSON. */
#define MAX_SEED 9007199254740991.0
#define TEN_MINUTES_MS 600000

/* clang-format off */
const HvbKey hvb_keys[] = {
    {"scenario", "base", HVB_KEY_BASE, 0, 1, 4096, "",
     .what = "the profile to inherit from"},
    {"scenario", "name", HVB_KEY_NAME, PROFILE(name), 1, 64, "",
     .what = "the scenario's name, also in file names"},
    {"scenario", "figure", HVB_KEY_WORD, PROFILE(figure), 0, 8, "",
     .what = "the paper's figure"},
    {"scenario", "title", HVB_KEY_TEXT, PROFILE(title), 0, 120, "",
     .what = "the title of tables and pictures"},

    {"stack", "native", HVB_KEY_BOOL, PROFILE(native), 0, 0, "no",
     .of_bed = TRUE, .what = "no guests: the agent runs on the host itself"},
    {"stack", "hypervisor", HVB_KEY_CHOICE, PROFILE(hypervisor),
     HVB_HYPERVISOR_A, 0, "A", .choices = hvb_hypervisor_choice_names,
     .of_bed = TRUE, .what = "the stack below, or this machine's second one"},
    {"stack", "boot", HVB_KEY_UINT, PROFILE(boot), 1, 99, "1", .of_bed = TRUE,
     .what = "boots of other numbers are not shared"},
    {"stack", "accel", HVB_KEY_CHOICE, PROFILE(accel), HVB_ACCEL_AUTO, 0,
     "auto", .choices = hvb_accel_names, .of_bed = TRUE,
     .what = "accelerator"},
    {"stack", "machine", HVB_KEY_WORD, PROFILE(machine), 1, 64, "q35",
     .of_bed = TRUE, .what = "QEMU machine type"},
    {"stack", "emulator", HVB_KEY_PATH, PROFILE(emulator), 0, 4096, "",
     .of_bed = TRUE, .what = "QEMU binary; nothing: libvirt's choice"},
    {"stack", "cpu", HVB_KEY_WORD, PROFILE(cpu), 1, 64, "default",
     .of_bed = TRUE, .what = "default, host-passthrough or a CPU model"},

    {"guests", "count", HVB_KEY_UINT, PROFILE(n_guests), 1, HVB_MAX_GUESTS,
     "8", .of_bed = TRUE, .what = "guests"},
    {"guests", "hello-timeout-s", HVB_KEY_UINT, PROFILE(hello_timeout_s), 1,
     3600, "180", .what = "s from a guest's start to its HELLO"},
    {"guests", "memory-mib", HVB_KEY_UINT, GUEST(memory_mib), 80, 65536, "128",
     .per_guest = TRUE, .of_bed = TRUE, .what = "MiB of each guest"},
    {"guests", "kernel", HVB_KEY_KERNEL, GUEST(kernel), 1, 4096, "cloud",
     .per_guest = TRUE, .of_bed = TRUE, .what = "flavour or kernel image"},
    {"guests", "initrd", HVB_KEY_PATH, GUEST(initrd), 0, 4096, "",
     .per_guest = TRUE, .of_bed = TRUE,
     .what = "initramfs; nothing: the flavour's own"},
    {"guests", "cmdline", HVB_KEY_TEXT, GUEST(cmdline), 0, 1024, "",
     .per_guest = TRUE, .of_bed = TRUE,
     .what = "added to the kernel's command line"},
    {"guests", "image", HVB_KEY_IMAGE, GUEST(image), 0, 4096, "",
     .per_guest = TRUE, .of_bed = TRUE,
     .what = "disk image with a system of its own"},
    {"guests", "agent", HVB_KEY_BOOL, GUEST(agent), 0, 0, "yes",
     .per_guest = TRUE, .of_bed = TRUE, .what = "the image has the agent"},
    {"guests", "loaded", HVB_KEY_BOOL, GUEST(loaded), 0, 0, "no",
     .per_guest = TRUE, .what = "emulated users in the guest"},
    {"guests", "users", HVB_KEY_USERS, GUEST(users), 0, 256, "0;2;4;6;8;12",
     .per_guest = TRUE, .what = "emulated users at each level"},
    {"guests", "limit-percent", HVB_KEY_UINT, GUEST(limit_percent), 0, 100,
     "0", .per_guest = TRUE,
     .what = "% of one CPU for the users, set within the guest; 0: no limit"},
    {"guests", "measured", HVB_KEY_CHOICE, GUEST(measured), HVB_MEASURED_NO, 0,
     "no", .choices = hvb_measured_names, .per_guest = TRUE,
     .what = "probe users in the guest"},
    {"guests", "manager", HVB_KEY_BOOL, GUEST(manager), 0, 0, "no",
     .per_guest = TRUE, .what = "a priority manager in the guest"},
    {"guests", "cap-percent", HVB_KEY_UINT, GUEST(cap_percent), 0, 100, "0",
     .per_guest = TRUE, .what = "% of one CPU; 0: no cap"},
    {"guests", "cap-scope", HVB_KEY_CHOICE, GUEST(cap_scope),
     HVB_CAP_SCOPE_VCPU, 0, "vcpu", .choices = hvb_cap_scope_names,
     .per_guest = TRUE, .what = "what the cap limits"},
    {"guests", "cap-period-us", HVB_KEY_UINT, GUEST(cap_period_us), 1000,
     1000000, "100000", .per_guest = TRUE, .what = "us, the cap's period"},
    {"guests", "weight", HVB_KEY_UINT, GUEST(weight), 1, 10000, "100",
     .per_guest = TRUE, .what = "relative CPU share"},

    {"host", "cpus", HVB_KEY_UINT, PROFILE(cpus), 0, 1024, "0",
     .what = "host CPUs that are the guests'; 0: all"},
    {"host", "affinity", HVB_KEY_CHOICE, PROFILE(affinity), HVB_AFFINITY_FLOAT,
     0, "float", .choices = hvb_affinity_names, .what = "where vCPUs run"},
    {"host", "services", HVB_KEY_UINT, PROFILE(services), 0, 64, "0",
     .what = "emulated processes of the host"},
    {"host", "service-percent", HVB_KEY_DOUBLE, PROFILE(service_percent), 1,
     6400, "20", .what = "% of one CPU that they ask for together"},
    {"host", "service-weight", HVB_KEY_UINT, PROFILE(service_weight), 1, 10000,
     "100", .what = "CPU share of all services, that of all guests being 100"},
    {"host", "service-burst-ms", HVB_KEY_UINT, PROFILE(service_burst_ms), 1,
     10000, "100", .what = "ms of work, mean of a service's bursts"},
    {"host", "manager", HVB_KEY_BOOL, PROFILE(host_manager), 0, 0, "no",
     .what = "a priority manager on the host"},
    {"host", "manager-method", HVB_KEY_CHOICE, PROFILE(host_method),
     WIRE_METHOD_NICE, 0, "cgroup", .choices = hvb_method_names,
     .what = "how it lowers priority"},

    {"disk", "cache", HVB_KEY_CHOICE, PROFILE(cache), HVB_CACHE_DEFAULT, 0,
     "default", .choices = hvb_cache_names, .of_bed = TRUE,
     .what = "QEMU's cache mode of the guests' disks"},
    {"disk", "guest-cache", HVB_KEY_CHOICE, PROFILE(guest_cache),
     WIRE_READING_DIRECT, 0, "direct", .choices = hvb_reading_names,
     .what = "how open reads its document"},

    {"load", "levels", HVB_KEY_LEVELS, PROFILE(levels), 0, 0,
     "None;Low;Medium;Busy;Maximum;Overload", .what = "levels to measure"},
    {"load", "burst-mean-ms", HVB_KEY_UINT, PROFILE(burst_mean_ms), 1, 10000,
     "100", .what = "ms of work, mean of a user's bursts"},
    {"load", "burst-cut", HVB_KEY_UINT, PROFILE(burst_cut), 1, 100, "4",
     .what = "longest burst, times the mean"},
    {"load", "think-mean-ms", HVB_KEY_UINT, PROFILE(think_mean_ms), 0,
     TEN_MINUTES_MS, "700", .what = "ms, mean of a user's pauses"},

    {"probe", "mix", HVB_KEY_MIX, PROFILE(mix), 0, 100,
     "key:4;open:5;launch:1", .what = "operations in proportion"},
    {"probe", "headline", HVB_KEY_CHOICE, PROFILE(headline), WIRE_KEY, 0,
     "open", .choices = hvb_operation_names, .what = "operation that counts"},
    {"probe", "vantage", HVB_KEY_CHOICE, PROFILE(vantages),
     HVB_VANTAGES_SERVER, 0, "server", .choices = hvb_vantages_names,
     .what = "from where operations are timed"},
    {"probe", "slot-ms", HVB_KEY_UINT, PROFILE(slot_ms), 1, 60000, "440",
     .what = "ms, one operation in each slot"},
    {"probe", "pool", HVB_KEY_UINT, PROFILE(pool), 1, WIRE_MAX_POOL, "16",
     .what = "probe users"},

    {"manager", "method", HVB_KEY_CHOICE, PROFILE(method), WIRE_METHOD_NICE,
     0, "nice", .choices = hvb_method_names, .what = "how it lowers priority"},
    {"manager", "interval-ms", HVB_KEY_UINT, PROFILE(manager_interval_ms), 50,
     60000, "500", .what = "ms between two looks"},
    {"manager", "memory-ms", HVB_KEY_UINT, PROFILE(manager_memory_ms), 50,
     TEN_MINUTES_MS, "4000", .what = "ms, time constant of the mean CPU use"},
    {"manager", "demote-percent", HVB_KEY_DOUBLE, PROFILE(demote_percent),
     0.1, 100, "4", .what = "% of one CPU"},
    {"manager", "restore-percent", HVB_KEY_DOUBLE, PROFILE(restore_percent),
     0, 100, "1", .what = "% of one CPU"},
    {"manager", "nice", HVB_KEY_UINT, PROFILE(nice), 1, 19, "19",
     .what = "nice value of what is demoted"},

    {"run", "samples", HVB_KEY_UINT, PROFILE(samples), 1, 10000, "30",
     .what = "samples of the headline operation per cell, guest and vantage"},
    {"run", "repetitions", HVB_KEY_UINT, PROFILE(repetitions), 1, 100, "3",
     .what = "cells per level"},
    {"run", "settle-ms", HVB_KEY_UINT, PROFILE(settle_ms), 0, TEN_MINUTES_MS,
     "4000",
     .what = "ms between a change of the load and the window"},
    {"run", "drain-ms", HVB_KEY_UINT, PROFILE(drain_ms), 0, TEN_MINUTES_MS,
     "6000",
     .what = "ms to wait for unfinished operations"},
    {"run", "seed", HVB_KEY_UINT64, PROFILE(seed), 0, MAX_SEED, "0",
     .what = "0: chosen at random"},
    {"run", "reruns", HVB_KEY_UINT, PROFILE(reruns), 0, 20, "2",
     .what = "attempts more for a disturbed cell"},

    {"gate", "foreign-percent", HVB_KEY_DOUBLE, PROFILE(foreign_percent), 0,
     100000, "10", .what = "% of one CPU used by others on the host"},
    {"gate", "steal-percent", HVB_KEY_DOUBLE, PROFILE(steal_percent), 0,
     100000, "10", .what = "% of one CPU taken by the hypervisor below"},
    {"gate", "lost-samples", HVB_KEY_UINT, PROFILE(lost_samples), 0, 10000,
     "0", .what = "samples and frames that may be missing"},
    {"gate", "late-frame-ms", HVB_KEY_UINT, PROFILE(late_frame_ms), 1,
     TEN_MINUTES_MS, "1000", .what = "ms that a frame may be under way"},
    {"gate", "late-send-ms", HVB_KEY_UINT, PROFILE(late_send_ms), 1,
     TEN_MINUTES_MS, "10",
     .what = "ms that a client-side operation may be sent late"},
    {"gate", "drift-percent", HVB_KEY_DOUBLE, PROFILE(drift_percent), 0, 100,
     "5", .what = "% by which a guest's calibration may change"},
    {0},
};
/* clang-format on */

guint hvb_key_guest(const char *group)
{
    guint64 number;

    if (!g_str_has_prefix(group, "guest ") || group[6] == '0' ||
        !g_ascii_string_to_unsigned(group + 6, 10, 1, HVB_MAX_GUESTS, &number,
                                    NULL))
        return 0;
    return number;
}

static gboolean is_in_group(const HvbKey *key, const char *group)
{
    return strcmp(key->group, group) == 0 ||
           (key->per_guest && hvb_key_guest(group) > 0);
}

const HvbKey *hvb_key_find(const char *group, const char *key)
{
    for (const HvbKey *row = hvb_keys; row->group; row++) {
        if (strcmp(row->key, key) == 0 && is_in_group(row, group))
            return row;
    }
    return NULL;
}

gboolean hvb_key_group_known(const char *group)
{
    for (const HvbKey *row = hvb_keys; row->group; row++) {
        if (is_in_group(row, group))
            return TRUE;
    }
    return FALSE;
}

const char *hvb_key_nearest(const char *group, const char *key)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const HvbKey *row = hvb_keys; row->group; row++) {
        if (is_in_group(row, group))
            g_ptr_array_add(names, (gpointer)row->key);
    }
    g_ptr_array_add(names, NULL);
    return hvb_name_nearest((const char *const *)names->pdata, key);
}

const char *hvb_key_nearest_group(const char *group)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const HvbKey *row = hvb_keys; row->group; row++)
        g_ptr_array_add(names, (gpointer)row->group);
    g_ptr_array_add(names, NULL);
    return hvb_name_nearest((const char *const *)names->pdata, group);
}

gboolean hvb_key_equal(const HvbKey *key, gconstpointer a, gconstpointer b)
{
    g_autofree char *text_a = hvb_key_format(key, a);
    g_autofree char *text_b = hvb_key_format(key, b);

    return g_strcmp0(text_a, text_b) == 0;
}

gboolean hvb_key_same_guest(const HvbGuestProfile *a, const HvbGuestProfile *b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest && !hvb_key_equal(key, a, b))
            return FALSE;
    }
    return TRUE;
}

gboolean hvb_key_same_machine(const HvbGuestProfile *a,
                              const HvbGuestProfile *b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest && key->of_bed && !hvb_key_equal(key, a, b))
            return FALSE;
    }
    return TRUE;
}

gboolean hvb_key_has_kernels(const HvbGuestProfile *guest)
{
    return !strchr(guest->kernel, '/') && strchr(guest->kernel, ';');
}

/* Of several kernels each guest takes one, in turn. */
static char *kernel_in_turn(const HvbGuestProfile *defaults, guint guest)
{
    if (!hvb_key_has_kernels(defaults))
        return g_strdup(defaults->kernel);
    g_auto(GStrv) names = g_strsplit(defaults->kernel, ";", -1);
    return g_strdup(names[guest % g_strv_length(names)]);
}

void hvb_key_default_guest(HvbGuestProfile *to, const HvbGuestProfile *defaults,
                           guint guest)
{
    *to = *defaults;
    to->kernel = kernel_in_turn(defaults, guest);
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest && key->type != HVB_KEY_KERNEL)
            hvb_key_own(key, to);
    }
}

gboolean hvb_key_is_default_guest(const HvbProfile *profile, guint guest)
{
    HvbGuestProfile plain = profile->guest_defaults;
    g_autofree char *kernel = kernel_in_turn(&plain, guest);

    plain.kernel = kernel;
    return hvb_key_same_guest(&profile->guests[guest], &plain);
}
