/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hvbench compare, on result sets that were made up. */
#include "hvbench/cli/commands.h"
#include "test/suites.h"
#include "test/unit/paper-run.h"
#include "test/unit/program.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

/* Where result sets are made, and the program. */
typedef struct {
    char *dir;
    char *program; /* NULL: not built */
    PaperWorld *world;
} Place;

static void place_open(Place *place)
{
    place->program = program_find();
    place->dir = g_dir_make_tmp("hvbench-test-XXXXXX", NULL);
    place->world = paper_world_empty();
    place->world->levels = 1u << HVB_LEVEL_BUSY;
    place->world->samples = 5;
    place->world->repetitions = 4;
    place->world->noise = 0.001;
    paper_scenario(place->world, "desk")->delay_ms[HVB_LEVEL_BUSY] = 100;
}

static void remove_set(const char *dir)
{
    static const char *const names[] = {"hvbench.db", "hvbench.db-wal",
                                        "hvbench.db-shm", "out.json"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(dir, names[i], NULL);
        g_unlink(file);
    }
    CU_ASSERT_EQUAL(g_rmdir(dir), 0); /* nothing else was left in it */
}

static void place_close(Place *place)
{
    g_autoptr(GDir) dir = g_dir_open(place->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(place->dir, name, NULL);
        remove_set(path);
    }
    g_rmdir(place->dir);
    g_free(place->dir);
    g_free(place->program);
    paper_world_free(place->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_close)

static void store_guests(HvbStore *store)
{
    const WireHello hello = {.agent = "agent", .clocksource = "tsc"};
    const WireCalibration calibration = {.converged = 1,
                                         .iterations_per_ms = 1000};
    const HvbReferences references = {0};

    for (guint guest = 1; guest <= 4; guest++)
        CU_ASSERT_FATAL(hvb_store_add_guest(store, guest, "guest", &hello,
                                            &calibration, &references, NULL));
}

/* Runs the place's world into the result set `name`. The caller frees its
 * path. `status` NULL: it is still running. */
static char *make_set(const Place *place, const char *name, const char *accel,
                      const char *status)
{
    char *dir = g_build_filename(place->dir, name, NULL);
    g_autoptr(HvbRunRecord) run = paper_run(place->world);

    CU_ASSERT_EQUAL_FATAL(g_mkdir(dir, 0700), 0);
    g_autoptr(HvbStore) store = hvb_store_open(dir, TRUE, NULL);
    CU_ASSERT_FATAL(
        store && hvb_store_begin_run(store, "made up", 1, run->profiles, NULL));
    store_guests(store);
    for (guint i = 0; i < run->cells->len; i++) {
        HvbCell *cell = run->cells->pdata[i];
        cell->scheduled = cell->received = cell->samples->len;
        CU_ASSERT_FATAL(hvb_store_add_cell(store, cell, NULL));
    }
    CU_ASSERT_FATAL(
        hvb_store_set_provenance(store, "stack.accel", accel, NULL));
    if (status)
        CU_ASSERT_FATAL(hvb_store_end_run(store, status, NULL, NULL));
    return dir;
}

static void expect_output(const Place *place, const char *const *arguments,
                          int status, const char *line)
{
    g_auto(ProgramOutcome) outcome = {0};

    program_run(place->program, arguments, &outcome);
    CU_ASSERT_EQUAL(outcome.status, status);
    CU_ASSERT_STRING_EQUAL(outcome.err, "");
    if (!strstr(outcome.out, line))
        printf("\nno '%s' in:\n%s", line, outcome.out);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.out, line));
}

static void expect_error(const Place *place, const char *const *arguments,
                         const char *text)
{
    g_auto(ProgramOutcome) outcome = {0};

    program_run(place->program, arguments, &outcome);
    CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(outcome.out, "");
    CU_ASSERT_TRUE(program_said_one_line(outcome.err));
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.err, text));
}

static void test_alike_is_status_0_and_worse_is_status_1(void)
{
    g_auto(Place) place = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "tcg", "done");
    place.world->seed++;
    g_autofree char *same = make_set(&place, "same", "tcg", "done");
    paper_scenario(place.world, "desk")->delay_factor = 2;
    g_autofree char *slower = make_set(&place, "slower", "tcg", "done");
    expect_output(&place, (const char *[]){"compare", before, same, NULL},
                  HVB_EXIT_OK,
                  "\nAlike: no change beyond the tolerance (10 ms + 10 %)");
    expect_output(&place, (const char *[]){"compare", before, slower, NULL},
                  HVB_EXIT_FAILED, "\nWorse: of 1 row, 1 became worse");
    expect_output(&place, (const char *[]){"compare", slower, before, NULL},
                  HVB_EXIT_FAILED, "\nBetter: of 1 row, 0 became worse");
    expect_output(&place,
                  (const char *[]){"compare", "--tolerance", "120", before,
                                   slower, NULL},
                  HVB_EXIT_OK, "(10 ms + 120 %)");
}

static void test_lines_fit_80_columns(void)
{
    g_auto(Place) place = {0};
    g_auto(ProgramOutcome) outcome = {0};

    place_open(&place);
    if (!place.program)
        return;
    place.world->noise = 0.5;
    paper_scenario(place.world, "desk")->delay_factor = 20;
    g_autofree char *before = make_set(&place, "a", "tcg", "done");
    place.world->seed++;
    g_autofree char *after = make_set(&place, "b", "tcg", NULL);
    program_run(place.program, (const char *[]){"compare", before, after, NULL},
                &outcome);
    g_auto(GStrv) lines = g_strsplit(outcome.out, "\n", 0);
    for (char **line = lines; *line; line++)
        if (!strstr(*line, place.dir))
            CU_ASSERT_TRUE(strlen(*line) <= 80);
}

static void test_other_stack_is_said_first_and_last(void)
{
    g_auto(Place) place = {0};
    g_auto(ProgramOutcome) outcome = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "kvm", "done");
    g_autofree char *after = make_set(&place, "after", "tcg", "done");
    program_run(place.program, (const char *[]){"compare", before, after, NULL},
                &outcome);
    CU_ASSERT_TRUE(g_str_has_prefix(outcome.out, "*** THESE TWO RUNS"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(outcome.out, "\n***   stack.accel: kvm, tcg\n"));
    CU_ASSERT_TRUE(g_str_has_suffix(
        outcome.out,
        "\nThe two were not made on the same thing: see above.\n"));
}

static void test_unfinished_run_is_said_to_be(void)
{
    g_auto(Place) place = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "tcg", "done");
    g_autofree char *after = make_set(&place, "after", "tcg", "interrupted");
    expect_output(&place, (const char *[]){"compare", before, after, NULL},
                  HVB_EXIT_OK, "after is unfinished (interrupted)");
}

static void test_what_only_one_has_is_named(void)
{
    g_auto(Place) place = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "tcg", "done");
    paper_scenario(place.world, "server");
    paper_scenario(place.world, "phone");
    g_autofree char *after = make_set(&place, "after", "tcg", "done");
    expect_output(&place, (const char *[]){"compare", before, after, NULL},
                  HVB_EXIT_OK, "after: server, phone\n");
    /* What is no longer there may have become as slow as can be. */
    expect_output(&place, (const char *[]){"compare", after, before, NULL},
                  HVB_EXIT_FAILED, "cannot be told for all of it.\n");
}

static void test_one_repetition_is_too_few_with_status_1(void)
{
    g_auto(Place) place = {0};

    place_open(&place);
    if (!place.program)
        return;
    place.world->repetitions = 1;
    g_autofree char *before = make_set(&place, "before", "tcg", "done");
    g_autofree char *after = make_set(&place, "after", "tcg", "done");
    expect_output(&place, (const char *[]){"compare", before, after, NULL},
                  HVB_EXIT_FAILED, "\nToo few cells to tell");
    expect_output(&place, (const char *[]){"compare", "--aa", before, NULL},
                  HVB_EXIT_FAILED, "No pairs of halves");
}

static void test_what_cannot_be_compared_is_one_line_and_status_2(void)
{
    g_auto(Place) place = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *set = make_set(&place, "set", "tcg", "done");
    g_autofree char *same = g_strconcat(set, "/../set/.", NULL);
    g_array_set_size(place.world->scenarios, 0);
    paper_scenario(place.world, "none");
    place.world->repetitions = 0;
    g_autofree char *empty = make_set(&place, "empty", "tcg", "done");
    expect_error(&place, (const char *[]){"compare", set, same, NULL},
                 "the same result set");
    expect_error(&place, (const char *[]){"compare", set, place.dir, NULL},
                 "no result set");
    expect_error(&place, (const char *[]){"compare", set, empty, NULL},
                 "no cell of its run counts");
    expect_error(&place, (const char *[]){"compare", "--aa", empty, NULL},
                 "no cell of its run counts");
}

static void test_halves_of_one_run_raise_no_alarm(void)
{
    g_auto(Place) place = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *set = make_set(&place, "set", "tcg", "done");
    expect_output(&place, (const char *[]){"compare", "--aa", set, NULL},
                  HVB_EXIT_OK, "No more false alarms than chance explains.\n");
}

static void test_json_says_what_the_table_says(void)
{
    g_auto(Place) place = {0};
    g_autoptr(JsonParser) parser = json_parser_new();

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "kvm", "done");
    paper_scenario(place.world, "desk")->delay_factor = 2;
    g_autofree char *after = make_set(&place, "after", "tcg", "done");
    g_autofree char *file = g_build_filename(after, "out.json", NULL);
    expect_output(&place,
                  (const char *[]){"compare", "--json", file, before, after,
                                   NULL},
                  HVB_EXIT_FAILED, "Worse");
    CU_ASSERT_TRUE_FATAL(json_parser_load_from_file(parser, file, NULL));
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    JsonArray *rows = json_object_get_array_member(root, "rows");
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(root, "verdict"),
                           "worse");
    CU_ASSERT_EQUAL(json_array_get_length(
                        json_object_get_array_member(root, "differences")),
                    1);
    CU_ASSERT_EQUAL_FATAL(json_array_get_length(rows), 1);
    JsonObject *row = json_array_get_object_element(rows, 0);
    CU_ASSERT_STRING_EQUAL(json_object_get_string_member(row, "level"), "Busy");
    CU_ASSERT_DOUBLE_EQUAL(json_object_get_double_member(row, "change_ms"), 100,
                           1);
    CU_ASSERT_EQUAL(json_object_get_int_member(
                        json_object_get_object_member(row, "before"), "cells"),
                    4);
}

/* As root a device that is replaced by a file breaks the host. */
static void test_json_is_written_to_what_a_name_stands_for(void)
{
    g_auto(Place) place = {0};
    g_autofree char *text = NULL;

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "tcg", "done");
    g_autofree char *after = make_set(&place, "after", "tcg", "done");
    g_autofree char *file = g_build_filename(after, "out.json", NULL);
    g_autofree char *link = g_build_filename(before, "out.json", NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(file, "old", -1, NULL));
    CU_ASSERT_EQUAL_FATAL(symlink(file, link), 0);
    expect_output(&place,
                  (const char *[]){"compare", "--json", link, before, after,
                                   NULL},
                  HVB_EXIT_OK, "Alike");
    CU_ASSERT_TRUE(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    CU_ASSERT_TRUE(g_file_get_contents(file, &text, NULL, NULL));
    CU_ASSERT_TRUE(text && text[0] == '{');
    expect_output(&place,
                  (const char *[]){"compare", "--json", "-", before, after,
                                   NULL},
                  HVB_EXIT_OK, "\"verdict\" : \"alike\"");
}

static void test_json_that_cannot_be_written_is_status_2(void)
{
    g_auto(Place) place = {0};
    g_auto(ProgramOutcome) outcome = {0};

    place_open(&place);
    if (!place.program)
        return;
    g_autofree char *before = make_set(&place, "before", "tcg", "done");
    g_autofree char *after = make_set(&place, "after", "tcg", "done");
    g_autofree char *file = g_build_filename(after, "no", "out.json", NULL);
    program_run(place.program,
                (const char *[]){"compare", "--json", file, before, after,
                                 NULL},
                &outcome);
    CU_ASSERT_EQUAL(outcome.status, HVB_EXIT_USAGE);
    CU_ASSERT_TRUE(program_said_one_line(outcome.err));
}

#define TEST(name)         \
    {                      \
#name, test_##name \
    }

CU_TestInfo tests_compare_command[] = {
    TEST(alike_is_status_0_and_worse_is_status_1),
    TEST(lines_fit_80_columns),
    TEST(other_stack_is_said_first_and_last),
    TEST(unfinished_run_is_said_to_be),
    TEST(what_only_one_has_is_named),
    TEST(one_repetition_is_too_few_with_status_1),
    TEST(what_cannot_be_compared_is_one_line_and_status_2),
    TEST(halves_of_one_run_raise_no_alarm),
    TEST(json_says_what_the_table_says),
    TEST(json_is_written_to_what_a_name_stands_for),
    TEST(json_that_cannot_be_written_is_status_2),
    TEST_END,
};
