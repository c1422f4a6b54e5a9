/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Template: a text with places to fill from a JSON object. A subset of
 * mustache (mustache.5):
 *
 *   {{key}}              the value, escaped for HTML text and attributes
 *   {{&key}}             the value as it is: for what is ours
 *   {{#key}}...{{/key}}  once per element of an array, each being looked at
 *                        before what surrounds it; for anything else once,
 *                        unless it is missing, null, false, "" or empty
 *   {{^key}}...{{/key}}  only if {{#key}} would show nothing
 *   {{.}}                the element itself
 *
 * A section tag that stands alone on a line takes its line with it. */
#ifndef HVB_REPORT_TEMPLATE_H
#define HVB_REPORT_TEMPLATE_H

#include <json-glib/json-glib.h>

/* Fills `text` with the members of `data`. Names that are missing stay empty.
 * A malformed template is a mistake in the program and ends it. Caller frees.
 */
char *hvb_template_fill(const char *text, JsonObject *data);

#endif
