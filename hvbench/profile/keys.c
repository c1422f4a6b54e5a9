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
    {"guests", "memory-mib", HVB_KEY_UINT, PROFILE(memory_mib), 80, 65536,
     "128", .of_bed = TRUE, .what = "MiB of each guest"},
    {"guests", "kernel", HVB_KEY_KERNEL, PROFILE(kernel), 1, 4096, "cloud",
     .of_bed = TRUE, .what = "flavour or kernel image"},
    {"guests", "initrd", HVB_KEY_PATH, PROFILE(initrd), 0, 4096, "",
     .of_bed = TRUE, .what = "initramfs; nothing: the flavour's own"},
    {"guests", "cmdline", HVB_KEY_TEXT, PROFILE(cmdline), 0, 1024, "",
     .of_bed = TRUE, .what = "added to the kernel's command line"},
    {"guests", "hello-timeout-s", HVB_KEY_UINT, PROFILE(hello_timeout_s), 1,
     3600, "180", .what = "s from a guest's start to its HELLO"},
    {"guests", "loaded", HVB_KEY_BOOL, GUEST(loaded), 0, 0, "no",
     .per_guest = TRUE, .what = "emulated users in the guest"},
    {"guests", "measured", HVB_KEY_BOOL, GUEST(measured), 0, 0, "no",
     .per_guest = TRUE, .what = "probe users in the guest"},
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

    {"load", "levels", HVB_KEY_LEVELS, PROFILE(levels), 0, 0,
     "None;Low;Medium;Busy;Maximum;Overload", .what = "levels to measure"},
    {"load", "users", HVB_KEY_USERS, PROFILE(users), 0, 256, "0;2;4;6;8;12",
     .what = "emulated users at each level"},
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
     .what = "samples of the headline operation per cell and guest"},
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

gboolean hvb_key_same_guest(const HvbGuestProfile *a, const HvbGuestProfile *b)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (key->per_guest && !hvb_key_equal(key, a, b))
            return FALSE;
    }
    return TRUE;
}
