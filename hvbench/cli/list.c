/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench list: the profiles that hvbench comes with. */
#include "hvbench/cli/commands.h"
#include "hvbench/profile/profile.h"

#include <stdio.h>
#include <string.h>

#define HEADING "profile"

/* As wide as the longest name wants it. */
static int name_width(const char *const *names)
{
    gsize width = strlen(HEADING);

    for (; *names; names++)
        width = MAX(width, strlen(*names));
    return (int)width;
}

static int print_profile(const char *name, int width)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbProfile) profile = hvb_profile_load(name, &error);

    if (!profile)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "%s", error->message);
    printf("%-*s  %-6s  %s\n", width, name,
           *profile->figure ? profile->figure : "-", profile->title);
    return HVB_EXIT_OK;
}

int hvb_cmd_list(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    int status = HVB_EXIT_OK;

    g_option_context_set_summary(
        context, "Lists the shipped profiles with the figure of the paper that "
                 "each reproduces.");
    if (!hvb_cmd_parse(context, &argc, &argv))
        return HVB_EXIT_USAGE;
    if (argc > 1)
        return hvb_cmd_fail(HVB_EXIT_USAGE, "list takes no operand: '%s'",
                            argv[1]);
    g_auto(GStrv) names = hvb_profile_list(&error);
    if (!names)
        return hvb_cmd_fail(HVB_EXIT_HOST, "%s", error->message);
    int width = name_width((const char *const *)names);
    printf("%-*s  %-6s  %s\n", width, HEADING, "figure", "title");
    /* One that does not load is reported, and does not hide the others. */
    for (guint i = 0; names[i]; i++) {
        if (print_profile(names[i], width) != HVB_EXIT_OK)
            status = HVB_EXIT_USAGE;
    }
    return status;
}
