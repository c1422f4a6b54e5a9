/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pictures, and the report that they are part of. */
#include "hvbench/report/fit.h"
#include "hvbench/report/report.h"
#include "test/suites.h"
#include "test/unit/report-set.h"

#include <glib/gstdio.h>
#include <string.h>

static guint png_width(const ReportSet *set, const char *file)
{
    g_autofree char *path = g_build_filename(set->dir, file, NULL);
    g_autofree char *bytes = NULL;
    guint32 width;
    gsize n = 0;

    if (!g_file_get_contents(path, &bytes, &n, NULL) || n < 24 ||
        memcmp(bytes, "\211PNG\r\n\032\n", 8) != 0)
        return 0;
    memcpy(&width, bytes + 16, sizeof width);
    return GUINT32_FROM_BE(width);
}

static void test_pictures_are_drawn_1200_pixels_wide(void)
{
    static const char *const names[] = {"p3-alpha", "p3-beta", "p3", "delays"};
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(GError) error = NULL;

    CU_ASSERT_TRUE(hvb_figures_write(set->dir, set->findings->p3s, &error));
    CU_ASSERT_PTR_NULL(error);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *png = g_strconcat(names[i], ".png", NULL);
        g_autofree char *svg_name = g_strconcat(names[i], ".svg", NULL);
        g_autofree char *svg = report_set_read(set, svg_name);
        CU_ASSERT_EQUAL(png_width(set, png), 1200);
        CU_ASSERT_PTR_NOT_NULL(strstr(svg, "</svg>"));
    }
}

static void test_pictures_tell_where_there_is_no_sample(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbP3 *p3 = report_set_p3(set, 1);
    g_autofree char *one = NULL;
    g_autofree char *together = NULL;

    /* A scenario without any sample, and one without any level. */
    g_array_index(p3->levels, HvbP3Level, 0) =
        report_set_empty_level(HVB_LEVEL_NONE);
    g_ptr_array_add(set->findings->p3s, hvb_p3_new("gamma", "", "", WIRE_KEY));
    CU_ASSERT_TRUE(hvb_figures_write(set->dir, set->findings->p3s, NULL));
    one = report_set_read(set, "p3-beta.svg");
    together = report_set_read(set, "p3.svg");
    CU_ASSERT_PTR_NOT_NULL(strstr(one, "no sample"));
    CU_ASSERT_PTR_NOT_NULL(strstr(together, "no sample"));
    CU_ASSERT_EQUAL(png_width(set, "p3-gamma.png"), 1200);
}

/* What p3.svg says of how many scenarios it shows. */
static char *combined_picture(const ReportSet *set, GPtrArray *p3s)
{
    CU_ASSERT_TRUE_FATAL(hvb_figures_write(set->dir, p3s, NULL));
    return report_set_read(set, "p3.svg");
}

static void test_pictures_are_drawn_of_more_scenarios_than_fit_together(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *together = NULL;
    g_autoptr(GPtrArray) many = g_ptr_array_new();

    for (guint i = 0; i < 14; i++)
        g_ptr_array_add(many, report_set_p3(set, 1));
    together = combined_picture(set, many);
    CU_ASSERT_PTR_NOT_NULL(strstr(together, "12 of 14 scenarios"));
}

static void test_many_scenarios_leave_the_picture_to_the_figures(void)
{
    g_autoptr(ReportSet) set = report_set_paper();
    g_autoptr(GPtrArray) ordered = hvb_findings_order(set->findings->p3s);
    g_autofree char *together = combined_picture(set, set->findings->p3s);
    const char *last = together;

    CU_ASSERT_EQUAL(hvb_figures_together(ordered), REPORT_SET_FIGURES);
    CU_ASSERT_PTR_NOT_NULL(strstr(together, "10 of 27 scenarios"));
    CU_ASSERT_PTR_NULL(strstr(together, "a single CPU"));
    for (guint figure = 2; last && figure <= 12; figure++) {
        g_autofree char *title = g_strdup_printf("Figure %u:", figure);
        if (figure != 8)
            last = strstr(last, title);
        CU_ASSERT_PTR_NOT_NULL(last);
    }
}

static void test_few_scenarios_are_shown_together_whatever_they_are(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(GPtrArray) p3s = g_ptr_array_new();
    g_autoptr(GPtrArray) ordered = NULL;

    g_ptr_array_add(p3s, report_set_p3(set, 1));
    g_ptr_array_add(p3s, report_set_p3(set, 0));
    ordered = hvb_findings_order(p3s);
    CU_ASSERT_EQUAL(hvb_figures_together(ordered), 2);
    CU_ASSERT_PTR_EQUAL(ordered->pdata[0], report_set_p3(set, 0));
}

static void test_one_picture_is_drawn_while_a_run_goes_on(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *together = g_build_filename(set->dir, "p3.svg", NULL);

    CU_ASSERT_TRUE(hvb_figure_write(set->dir, report_set_p3(set, 0), NULL));
    CU_ASSERT_EQUAL(png_width(set, "p3-alpha.png"), 1200);
    CU_ASSERT_FALSE(g_file_test(together, G_FILE_TEST_EXISTS));
}

static void test_title_is_text_to_gnuplot(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbP3 *p3 = report_set_p3(set, 0);
    g_autofree char *mark = g_build_filename(set->dir, "pwned", NULL);
    g_autofree char *svg = NULL;

    g_free(p3->title);
    p3->title = g_strdup_printf("it's {/Bold x_1} @m \"q\" <b> \\\n"
                                "`touch %s` '.system('touch %s').'",
                                mark, mark);
    CU_ASSERT_TRUE(hvb_figures_write(set->dir, set->findings->p3s, NULL));
    svg = report_set_read(set, "p3-alpha.svg");
    CU_ASSERT_PTR_NOT_NULL(strstr(svg, "it's {/Bold x_1} @m"));
    CU_ASSERT_PTR_NOT_NULL(strstr(svg, "&lt;b> \\ `touch"));
    CU_ASSERT_FALSE(g_file_test(mark, G_FILE_TEST_EXISTS));
}

static void test_text_is_clipped_to_its_room(void)
{
    static const char *const texts[] = {
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
        "i",
        "仮想計算機の利用者が感じる遅延仮想計算機の利用者が感じる遅延仮想計算"
        "機",
        "Задержка, которую чувствует пользователь виртуальной машины, ЩЩЩЩЩЩЩ",
        "words and words and words and words and words and words and words and",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *shown = hvb_fit(texts[i], 400, 20);
        double width_px = 20 * hvb_fit_width_em(shown);
        CU_ASSERT(g_str_has_suffix(shown, "…"));
        CU_ASSERT_FALSE(g_str_has_suffix(shown, " …"));
        CU_ASSERT(width_px <= 400 && width_px > 350);
    }
    g_autofree char *whole = hvb_fit("One loaded guest", 400, 20);
    CU_ASSERT_STRING_EQUAL(whole, "One loaded guest");
    g_autofree char *accents = hvb_fit("Überlänge", 200, 20);
    CU_ASSERT_STRING_EQUAL(accents, "Überlänge");
}

/* What is shown of a title in the SVG ends with an ellipsis, before the middle
 * of the picture. */
static void test_titles_side_by_side_do_not_touch(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *wide = g_strnfill(90, 'M');
    g_autofree char *svg = NULL;

    for (guint i = 0; i < 2; i++) {
        HvbP3 *p3 = report_set_p3(set, i);
        g_free(p3->title);
        p3->title = g_strdup(wide);
        g_clear_pointer(&p3->figure, g_free);
    }
    CU_ASSERT_TRUE(hvb_figures_write(set->dir, set->findings->p3s, NULL));
    svg = report_set_read(set, "p3.svg");
    const char *title = strstr(svg, "MMMM");
    CU_ASSERT_PTR_NOT_NULL_FATAL(title);
    gsize n = strspn(title, "M");
    CU_ASSERT(g_str_has_prefix(title + n, "…"));
    g_autofree char *shown = g_strnfill(n, 'M');
    /* 14 pt at 96 dots to the inch; 600 pixels for each, 28 of them between. */
    CU_ASSERT((hvb_fit_width_em(shown) + 1.0) * 14 * 96 / 72 <= 600 - 28);
    CU_ASSERT(n > 20);
}

/* Draws with this PATH. Returns whether it worked. */
static gboolean draw_with_path(const ReportSet *set, const char *path,
                               GError **error)
{
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    gboolean drawn;

    g_setenv("PATH", path, TRUE);
    drawn = hvb_figures_write(set->dir, set->findings->p3s, error);
    g_setenv("PATH", before, TRUE);
    return drawn;
}

static void test_missing_gnuplot_is_reported_with_the_remedy(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autoptr(GError) error = NULL;

    CU_ASSERT_FALSE(draw_with_path(set, set->dir, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "gnuplot-nox"));
}

static void test_failing_gnuplot_has_its_last_words_and_spoils_no_picture(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    g_autofree char *fake = g_build_filename(set->dir, "gnuplot", NULL);
    g_autofree char *old = g_build_filename(set->dir, "p3-alpha.svg", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *kept = NULL;

    CU_ASSERT_TRUE(g_file_set_contents(old, "old", -1, NULL));
    CU_ASSERT_TRUE(g_file_set_contents(
        fake,
        "#!/bin/sh\necho half >p3-alpha.svg\necho 'line 7: boom' >&2\n"
        "exit 1\n",
        -1, NULL));
    g_chmod(fake, 0755);
    CU_ASSERT_FALSE(draw_with_path(set, set->dir, &error));
    CU_ASSERT_TRUE_FATAL(
        g_error_matches(error, HVB_REPORT_ERROR, HVB_REPORT_ERROR_GNUPLOT));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "line 7: boom"));
    kept = report_set_read(set, "p3-alpha.svg");
    CU_ASSERT_STRING_EQUAL(kept, "old");
}

static void test_report_is_made_from_the_database_alone(void)
{
    g_autoptr(ReportSet) set = report_set_new();
    HvbStore *store = hvb_store_open(set->dir, TRUE, NULL);
    g_autofree char *page = NULL;
    g_autofree char *json = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_TRUE(
        hvb_store_begin_run(store, "cmd", 1, set->run->profiles, NULL));
    CU_ASSERT_TRUE(hvb_store_end_run(store, "done", NULL, NULL));
    hvb_store_free(store);
    CU_ASSERT_TRUE(hvb_report_write(set->dir, NULL));
    page = report_set_read(set, "report.html");
    json = report_set_read(set, "summary.json");
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "data:image/svg+xml;base64,"));
    CU_ASSERT_PTR_NULL(strstr(page, "is missing"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"name\" : \"beta\""));
    CU_ASSERT_EQUAL(png_width(set, "p3-beta.png"), 1200);
}

#define TEST(name)  \
    {               \
#name, name \
    }

CU_TestInfo tests_figures[] = {
    TEST(test_pictures_are_drawn_1200_pixels_wide),
    TEST(test_pictures_tell_where_there_is_no_sample),
    TEST(test_pictures_are_drawn_of_more_scenarios_than_fit_together),
    TEST(test_many_scenarios_leave_the_picture_to_the_figures),
    TEST(test_few_scenarios_are_shown_together_whatever_they_are),
    TEST(test_one_picture_is_drawn_while_a_run_goes_on),
    TEST(test_title_is_text_to_gnuplot),
    TEST(test_text_is_clipped_to_its_room),
    TEST(test_titles_side_by_side_do_not_touch),
    TEST(test_missing_gnuplot_is_reported_with_the_remedy),
    TEST(test_failing_gnuplot_has_its_last_words_and_spoils_no_picture),
    TEST(test_report_is_made_from_the_database_alone),
    TEST_END,
};
