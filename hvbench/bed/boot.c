/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/boot.h"

#include "hvbench/bed/wait.h"

#include <glib/gstdio.h>
#include <string.h>

/* How often the wait for HELLO looks at the consoles. */
#define BOOT_STEP_MS 500
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

typedef struct {
    HvbBed *bed;
    const HvbBootSettings *settings;
    guint awaited;
    guint up;
    guint lost; /* index of a guest that will not come up; n_guests: none */
} Boot;

static gboolean boot_has_ended(gpointer user_data)
{
    Boot *boot = user_data;
    HvbBed *bed = boot->bed;
    guint up = 0;

    for (guint i = 0; i < bed->n_guests; i++) {
        const HvbLink *link = bed->guests[i].link;
        if (link && hvb_link_is_up(link))
            up++;
        else if (link && hvb_link_why_down(link))
            boot->lost = i;
    }
    if (up != boot->up && boot->settings->on_boot)
        boot->settings->on_boot(up, boot->awaited, boot->settings->user_data);
    boot->up = up;
    return up == boot->awaited || boot->lost < bed->n_guests;
}

/* The size of all consoles: what a booting guest has to show for itself. */
static gint64 console_bytes(const HvbBed *bed)
{
    gint64 bytes = 0;

    for (guint i = 0; i < bed->n_guests; i++) {
        GStatBuf status;
        if (g_stat(bed->guests[i].console, &status) == 0)
            bytes += status.st_size;
    }
    return bytes;
}

/* `waited` says for how long and for what. */
static gboolean fail_boot(Boot *boot, const char *waited, GError **error)
{
    HvbBed *bed = boot->bed;
    guint guest = boot->lost;

    for (guint i = 0; i < bed->n_guests && guest == bed->n_guests; i++)
        if (bed->guests[i].link && !hvb_link_is_up(bed->guests[i].link))
            guest = i;
    g_autofree char *explanation = bed->explain(bed, guest);
    const char *why = hvb_link_why_down(bed->guests[guest].link);
    if (why)
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                    "%s stopped before its agent was ready (%s): %s",
                    bed->guests[guest].name, why, explanation);
    else
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_BOOT,
                    "%s: its agent did not say HELLO %s; %s",
                    bed->guests[guest].name, waited, explanation);
    return FALSE;
}

static guint count_links(const HvbBed *bed)
{
    guint n = 0;

    for (guint i = 0; i < bed->n_guests; i++)
        n += bed->guests[i].link ? 1 : 0;
    return n;
}

gboolean hvb_boot_wait(HvbBed *bed, guint timeout_s, guint patience_s,
                       const HvbBootSettings *settings, GError **error)
{
    Boot boot = {bed, settings, count_links(bed), 0, bed->n_guests};
    gint64 begin_ns = hvb_now_ns();
    gint64 progress_ns = begin_ns;
    gint64 bytes = -1;

    for (;;) {
        g_autoptr(GError) step = NULL;
        g_autofree char *waited = NULL;
        if (hvb_wait(boot_has_ended, &boot, BOOT_STEP_MS, "HELLO",
                     settings->cancellable, &step))
            break;
        if (!g_error_matches(step, HVB_BED_ERROR, HVB_BED_ERROR_TIMEOUT)) {
            g_propagate_error(error, g_steal_pointer(&step));
            return FALSE;
        }
        gint64 now_ns = hvb_now_ns();
        gint64 bytes_now = console_bytes(bed);
        if (bytes_now != bytes)
            progress_ns = now_ns;
        bytes = bytes_now;
        if (now_ns - begin_ns >= (gint64)timeout_s * NS_PER_S)
            waited =
                g_strdup_printf("within %u s (hello-timeout-s)", timeout_s);
        else if (patience_s &&
                 now_ns - progress_ns >= (gint64)patience_s * NS_PER_S)
            waited = g_strdup_printf("and its console said nothing for %u s",
                                     patience_s);
        if (waited)
            return fail_boot(&boot, waited, error);
    }
    return boot.lost == bed->n_guests || fail_boot(&boot, "", error);
}

gboolean hvb_boot_is_worth_another(const char *message)
{
    static const char *const chances[] = {
        "/sys/fs/cgroup/",
        "cgroup for",
        "monitor socket did not show up",
        "imed out during operation",
        "cannot acquire state change lock",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(chances); i++)
        if (strstr(message, chances[i]))
            return TRUE;
    return FALSE;
}
