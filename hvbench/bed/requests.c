/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The typed requests of a link. */
#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/link.h"

/* An agent at nice -5 in a guest that is overloaded answers late, under
 * emulation by seconds; later still if its guest has to wait for its turn. */
static guint deadline_ms(const HvbLink *link)
{
    return HVB_ANSWER_TIMEOUT_MS + hvb_link_patience_ms(link);
}

static gboolean malformed(HvbLink *link, const char *what, GError **error)
{
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_GUEST,
                "%s sent a malformed %s", hvb_link_name(link), what);
    return FALSE;
}

static gboolean command(HvbLink *link, WireType type, const void *payload,
                        gsize length, GCancellable *cancellable, GError **error)
{
    return hvb_link_request(link, type, payload, length, WIRE_OK,
                            deadline_ms(link), cancellable, NULL, NULL, error);
}

gboolean hvb_link_calibrate(HvbLink *link, const WireCalibrate *request,
                            GCancellable *cancellable,
                            WireCalibration *ret_calibration, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    WireFrame frame;

    if (!hvb_link_request(link, WIRE_CALIBRATE, payload,
                          wire_put_calibrate(payload, request),
                          WIRE_CALIBRATION,
                          request->budget_ms + deadline_ms(link), cancellable,
                          payload, &frame, error))
        return FALSE;
    if (!wire_get_calibration(&frame, ret_calibration) ||
        ret_calibration->iterations_per_ms == 0)
        return malformed(link, "calibration", error);
    return TRUE;
}

gboolean hvb_link_work(HvbLink *link, guint64 iterations_per_ms,
                       GCancellable *cancellable, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    const WireWork work = {iterations_per_ms};

    return command(link, WIRE_WORK, payload, wire_put_work(payload, &work),
                   cancellable, error);
}

gboolean hvb_link_load(HvbLink *link, const WireLoad *load,
                       GCancellable *cancellable, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];

    return command(link, WIRE_LOAD, payload, wire_put_load(payload, load),
                   cancellable, error);
}

gboolean hvb_link_manage(HvbLink *link, const WireManage *manage,
                         GCancellable *cancellable, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];

    return command(link, WIRE_MANAGE, payload, wire_put_manage(payload, manage),
                   cancellable, error);
}

gboolean hvb_link_probe(HvbLink *link, const WireProbe *probe,
                        GCancellable *cancellable, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];

    return command(link, WIRE_PROBE, payload, wire_put_probe(payload, probe),
                   cancellable, error);
}

gboolean hvb_link_reset(HvbLink *link, GCancellable *cancellable,
                        GError **error)
{
    return command(link, WIRE_RESET, NULL, 0, cancellable, error);
}

gboolean hvb_link_meter(HvbLink *link, GCancellable *cancellable,
                        WireMeters *ret_meters, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    WireFrame frame;

    if (!hvb_link_request(link, WIRE_METER, NULL, 0, WIRE_METERS,
                          deadline_ms(link), cancellable, payload, &frame,
                          error))
        return FALSE;
    if (!wire_get_meters(&frame, ret_meters))
        return malformed(link, "meters", error);
    return TRUE;
}

static gboolean ping(HvbLink *link, GCancellable *cancellable,
                     HvbClockReading *ret_reading, GError **error)
{
    guint8 payload[WIRE_MAX_PAYLOAD];
    WireFrame frame;
    WirePong pong;
    gint64 sent_ns = hvb_now_ns();

    if (!hvb_link_request(link, WIRE_PING, NULL, 0, WIRE_PONG,
                          deadline_ms(link), cancellable, payload, &frame,
                          error))
        return FALSE;
    gint64 back_ns = hvb_now_ns();
    if (!wire_get_pong(&frame, &pong))
        return malformed(link, "pong", error);
    ret_reading->host_ns = sent_ns + (back_ns - sent_ns) / 2;
    ret_reading->error_ns = back_ns - ret_reading->host_ns;
    /* In unsigned arithmetic: a guest may claim any time. */
    ret_reading->offset_ns =
        (gint64)(pong.monotonic_ns - (guint64)ret_reading->host_ns);
    ret_reading->wall_ns = (gint64)(pong.realtime_ns - pong.monotonic_ns);
    ret_reading->host_wall_ns = hvb_wall_ns();
    return TRUE;
}

gboolean hvb_link_clock(HvbLink *link, guint n, GCancellable *cancellable,
                        HvbClockReading *ret_reading, GError **error)
{
    HvbClockReading best = {.error_ns = G_MAXINT64};

    for (guint i = 0; i < n; i++) {
        HvbClockReading reading;
        if (!ping(link, cancellable, &reading, error))
            return FALSE;
        if (reading.error_ns < best.error_ns)
            best = reading;
    }
    *ret_reading = best;
    return TRUE;
}
