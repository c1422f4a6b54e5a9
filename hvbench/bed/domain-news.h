/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain news: what libvirt says that happens to the domains of one bed. It
 * comes by the default main context. */
#ifndef HVB_BED_DOMAIN_NEWS_H
#define HVB_BED_DOMAIN_NEWS_H

#include "hvbench/bed/connection.h"
#include "hvbench/bed/pulse.h"

/* The last that was heard of a domain. */
typedef struct {
    HvbHold hold;       /* HVB_HOLD_NONE: it runs, as far as libvirt knows */
    const char *reason; /* why it stopped, as the rest of "it ..."; static;
                         * NULL: it has not */
} HvbDomainNews;

typedef struct _HvbNewsroom HvbNewsroom;

/* Listens from now on, to what is told of any domain. The connection is
 * borrowed. A libvirt that tells nothing is only warned about. */
HvbNewsroom *hvb_newsroom_open(HvbConnection *connection);
/* NULL is fine. */
void hvb_newsroom_close(HvbNewsroom *newsroom);

/* Of the domain `name`. */
HvbDomainNews hvb_newsroom_get(const HvbNewsroom *newsroom, const char *name);

/* Why it stopped, for which libvirt is given `timeout_ms` to say so; NULL: it
 * does not say. */
const char *hvb_newsroom_wait(const HvbNewsroom *newsroom, const char *name,
                              guint timeout_ms);

/* What libvirt's lifecycle event means to `news`. */
void hvb_domain_news_take(HvbDomainNews *news, int event, int detail);

#endif
