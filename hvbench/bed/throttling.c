/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/throttling.h"

#include <string.h>

#define VERSION(major, minor) ((major)*1000u + (minor))
#define WHILE_WAITING VERSION(6, 6)
#define ON_RETURN VERSION(6, 18)
#define LAST_KNOWN VERSION(7, 3)

/* How releases of kernels are marked whose scheduler may be newer than their
 * version: of Red Hat and those who rebuild it, Oracle, Amazon, SUSE,
 * openEuler, Alibaba, Tencent. */
static gboolean is_of_a_backporter(const char *release)
{
    static const char *const marks[] = {".el",      "uek",    "amzn",
                                        "-default", ".oe",    ".an",
                                        ".al8",     "tlinux", "-tegra"};

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (strstr(release, marks[i]))
            return TRUE;
    return FALSE;
}

/* 6018 of "6.18.44-x"; 0: it is no version. */
static guint version_of(const char *release)
{
    char *end;
    guint64 major = g_ascii_strtoull(release, &end, 10);

    if (end == release || *end != '.' || !g_ascii_isdigit(end[1]) ||
        major > 1000)
        return 0;
    guint64 minor = g_ascii_strtoull(end + 1, NULL, 10);
    return minor < 1000 ? VERSION((guint)major, (guint)minor) : 0;
}

HvbThrottlingMeaning hvb_throttling_of_release(const char *release)
{
    guint version = version_of(release);

    if (version == 0 || version > LAST_KNOWN || is_of_a_backporter(release))
        return HVB_THROTTLING_UNKNOWN;
    if (version < WHILE_WAITING)
        return HVB_THROTTLING_TO_THE_END;
    return version < ON_RETURN ? HVB_THROTTLING_WHILE_WAITING
                               : HVB_THROTTLING_ON_RETURN;
}

const char *hvb_throttling_name(HvbThrottlingMeaning meaning)
{
    static const char *const names[HVB_N_THROTTLINGS] = {
        [HVB_THROTTLING_UNKNOWN] = "unknown",
        [HVB_THROTTLING_TO_THE_END] = "to the end of the period",
        [HVB_THROTTLING_WHILE_WAITING] = "while something waits",
        [HVB_THROTTLING_ON_RETURN] = "on the return to user space",
    };

    g_return_val_if_fail((guint)meaning < HVB_N_THROTTLINGS, NULL);
    return names[meaning];
}

HvbThrottlingMeaning hvb_throttling_of_name(const char *name)
{
    for (guint i = 0; i < HVB_N_THROTTLINGS; i++)
        if (strcmp(hvb_throttling_name((HvbThrottlingMeaning)i), name) == 0)
            return (HvbThrottlingMeaning)i;
    return HVB_THROTTLING_UNKNOWN;
}

const char *hvb_throttling_sentence(HvbThrottlingMeaning meaning)
{
    static const char *const sentences[HVB_N_THROTTLINGS] = {
        [HVB_THROTTLING_UNKNOWN] =
            "What this host's kernel counts as such is not known: it is a "
            "vendor's, or newer than hvbench.",
        [HVB_THROTTLING_TO_THE_END] =
            "This host's kernel counts from the moment that the quota is used "
            "up to the end of its period, whether or not anything wanted to "
            "run: the guest may have been held up for far less.",
        [HVB_THROTTLING_WHILE_WAITING] =
            "This host's kernel counts only while something wanted to run: it "
            "is the time that the guest was held up. A period counts even if "
            "nothing did.",
        [HVB_THROTTLING_ON_RETURN] =
            "This host's kernel stops what runs on its return to user space: a "
            "period counts while it still runs, and the time is added when the "
            "stop is over, so that a window's ends may cut some off or add "
            "some.",
    };

    g_return_val_if_fail((guint)meaning < HVB_N_THROTTLINGS, NULL);
    return sentences[meaning];
}
