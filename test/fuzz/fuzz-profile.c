/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/fuzz/fuzz.h"
#include "test/suites.h"
#include "test/unit/profile-fixture.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 30000
#define ORIGIN "t.profile"

/* What MINIMAL does without. */
#define MIXED                                                       \
    "[scenario]\nname = x\n[stack]\nnative = no\nhypervisor = B\n"  \
    "[guests]\ncount = 4\nkernel = cloud;rt\n"                      \
    "[guest 1]\nloaded = yes\nmeasured = yes\nlimit-percent = 30\n" \
    "[guest 2]\nimage = /i.img\nagent = no\n"                       \
    "[guest 3]\nkernel = amd64\nloaded = yes\nmeasured = apart\n"   \
    "users = 3;3;3;3;3;3\ncap-percent = 50\n"                       \
    "[host]\nservices = 2\nservice-percent = 150\nmanager = yes\n"  \
    "[disk]\ncache = none\nguest-cache = cold\n"

/* Put in place of values, or where nobody expects them. */
static const char *const tokens[] = {
    "",
    "0",
    "1",
    "2",
    "-1",
    "100",
    "0.5",
    "1e308",
    "-1e-400",
    "nan",
    "inf",
    "0x10",
    "4294967296",
    "18446744073709551616",
    "9007199254740991",
    "yes",
    "None;Low",
    ";;;",
    "0;0;0;0;0;0",
    "0;1;2;3;4;999",
    "key:0;open:1;launch:0",
    "key:4;open:5;launch",
    "key:1;launch:1",
    "cloud;amd64;rt",
    "cloud;;rt;",
    "/a;b",
    "apart",
    "warm",
    "B",
    "[guest 64]",
    "[guest 65]",
    "[",
    "]",
    "=",
    "#",
    "\\x",
    "\\n",
    "\xc3\xa4",
    "\xe2\x80\xae",
    "\xff",
    "\xef\xbb\xbf",
    "\xff\xfe",
    "\x1b[2J",
    "%s%n",
};

static gsize below(Random *random, gsize n)
{
    return (gsize)random_below(random, n);
}

static const char *pick_token(Random *random)
{
    return tokens[below(random, G_N_ELEMENTS(tokens))];
}

static void change_value(Random *random, char **line)
{
    const char *equals = strchr(*line, '=');
    int key = equals ? (int)(equals - *line) + 1 : (int)strlen(*line);
    char *changed = g_strdup_printf("%.*s%s", key, *line, pick_token(random));

    g_free(*line);
    *line = changed;
}

static void change_line(Random *random, char **lines)
{
    guint n = g_strv_length(lines);
    char **line = &lines[below(random, n)];
    char **other = &lines[below(random, n)];
    char *old = *line;

    switch (below(random, 8)) {
    case 0:
        *line = *other;
        *other = old;
        break;
    case 1:
        *line = g_strdup(*other);
        g_free(old);
        break;
    case 2:
        *line = g_strdup(pick_token(random));
        g_free(old);
        break;
    default:
        change_value(random, line);
    }
}

/* Caller frees. */
static char *mutate(Random *random, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *changed = NULL;
    gsize changes = below(random, 4);
    gsize length, room;

    for (gsize i = 0; i < changes; i++)
        change_line(random, lines);
    changed = g_strjoinv("\n", lines);
    if (changes > 0 && below(random, 4) > 0)
        return g_steal_pointer(&changed);
    length = strlen(changed);
    room = length + 64;
    char *bytes = g_malloc0(room + 1);
    memcpy(bytes, changed, length);
    bytes[fuzz_bytes(random, (guint8 *)bytes, length, room)] = '\0';
    return bytes;
}

/* A message goes to a terminal, whatever the profile holds. */
static gboolean is_sound(const GError *error)
{
    const char *message = error->message;

    if (error->domain != HVB_PROFILE_ERROR ||
        error->code == HVB_PROFILE_ERROR_NOT_FOUND ||
        !g_str_has_prefix(message, ORIGIN ":") ||
        !g_ascii_isdigit(message[strlen(ORIGIN ":")]) ||
        !g_utf8_validate(message, -1, NULL))
        return FALSE;
    for (const char *c = message; *c; c = g_utf8_next_char(c))
        if (!g_unichar_isprint(g_utf8_get_char(c)))
            return FALSE;
    return TRUE;
}

static gboolean survives_round_trip(const HvbProfile *profile)
{
    g_autofree char *text = hvb_profile_to_text(profile);
    g_autoptr(HvbProfile) again = hvb_profile_from_text(text, ORIGIN, NULL);
    g_autofree char *second = again ? hvb_profile_to_text(again) : NULL;

    return g_strcmp0(text, second) == 0;
}

static gboolean has_sound_window(const HvbProfile *profile)
{
    WireProbe probe;
    guint64 n;

    hvb_profile_probe(profile, &probe);
    n = (guint64)probe.count[WIRE_KEY] + probe.count[WIRE_OPEN] +
        probe.count[WIRE_LAUNCH];
    return n > 0 && n <= WIRE_MAX_SCHEDULE &&
           hvb_profile_window_ms(profile) > 0;
}

/* Returns whether the profile was accepted. */
static gboolean try_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvbProfile) profile = hvb_profile_from_text(text, ORIGIN, &error);
    gboolean good = profile ? !error && survives_round_trip(profile) &&
                                  has_sound_window(profile)
                            : error && is_sound(error);

    if (!good)
        fprintf(stderr, "\n  %s\n  for:\n%s\n",
                error ? error->message : "wrongly accepted", text);
    CU_ASSERT_TRUE_FATAL(good);
    return profile != NULL;
}

void test_mutated_profiles_are_refused_with_a_line_or_survive_a_round_trip(void)
{
    g_autoptr(HvbProfile) minimal = load_text(MINIMAL);
    g_autofree char *whole = hvb_profile_to_text(minimal);
    const char *bases[] = {MINIMAL, whole, MIXED};
    guint accepted = 0;
    Random random;

    random_init(&random, 1);
    for (guint round = 0; round < ROUNDS; round++) {
        g_autofree char *text =
            mutate(&random, bases[round % G_N_ELEMENTS(bases)]);
        accepted += try_text(text) ? 1 : 0;
    }
    /* Otherwise it was no test. */
    CU_ASSERT_TRUE(accepted > ROUNDS / 100);
    CU_ASSERT_TRUE(accepted < ROUNDS / 2);
}
