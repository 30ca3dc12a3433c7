#include "releases.h"
#include "report/face.h"
#include "report/sentence.h"
#include "report/timeline.h"

#include "base/memory.h"
#include "base/text.h"

#include <expat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- the page as a parser sees it ---- */

struct page {
    const char *name;
    struct sy_buffer html;
    struct sy_buffer text; /* of its elements, without the markup */
    bool in_style;
};

/* The page loads nothing and runs nothing. */
static void check_attribute(const struct page *page, const char *element, const char *name,
                            const char *value) {
    if (strncmp(name, "on", 2) == 0 || strcmp(name, "src") == 0 || strcmp(name, "srcset") == 0)
        fail_msg("%s: %s has %s", page->name, element, name);
    if (strcmp(name, "href") == 0 && value[0] != '#')
        fail_msg("%s: %s leads to %s", page->name, element, value);
}

static void on_start(void *ctx, const char *element, const char **attributes) {
    static const char *const known[] = {
        "html", "head",   "meta", "title", "style",      "body",    "main",  "svg",   "symbol",
        "path", "circle", "rect", "line",  "text",       "use",     "desc",  "p",     "span",
        "h1",   "h2",     "pre",  "code",  "dl",         "div",     "dt",    "dd",    "strong",
        "time", "figure", "ul",   "li",    "figcaption", "table",   "thead", "tbody", "tr",
        "th",   "td",     "b",    "bdi",   "details",    "summary", "footer"};
    struct page *page = ctx;
    bool found = false;
    for (size_t i = 0; i < SY_COUNT(known); i++)
        found |= strcmp(known[i], element) == 0;
    if (!found)
        fail_msg("%s: has an element %s", page->name, element);
    for (size_t i = 0; attributes[i]; i += 2)
        check_attribute(page, element, attributes[i], attributes[i + 1]);
    page->in_style = strcmp(element, "style") == 0;
}

static void on_end(void *ctx, const char *element) {
    struct page *page = ctx;
    page->in_style = false;
    if (strcmp(element, "dd") == 0 || strcmp(element, "td") == 0 || strcmp(element, "p") == 0)
        sy_buffer_puts(&page->text, "\n");
}

static void on_text(void *ctx, const char *text, int len) {
    struct page *page = ctx;
    if (!page->in_style)
        sy_buffer_append(&page->text, text, (size_t)len);
}

static struct page page_of(const char *name, const struct sy_report *report) {
    struct page page = {.name = name};
    sy_write_html(report, &page.html);
    XML_Parser parser = XML_ParserCreate("UTF-8");
    XML_SetUserData(parser, &page);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    if (XML_Parse(parser, page.html.data, (int)page.html.len, 1) != XML_STATUS_OK)
        fail_msg("%s: line %lu: %s", name, XML_GetCurrentLineNumber(parser),
                 XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
    return page;
}

static void finish(struct page *page, struct sy_report *report) {
    sy_buffer_finish(&page->html);
    sy_buffer_finish(&page->text);
    sy_report_finish(report);
}

static void check_has(const struct page *page, const char *text) {
    if (!strstr(page->text.data, text))
        fail_msg("%s: does not say \"%s\"", page->name, text);
}

static size_t count(const char *in, const char *what) {
    size_t n = 0;
    for (const char *at = in; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* The first path of the class, as it is drawn. */
static char *path_of(const struct page *page, const char *class) {
    SY_AUTO_FREE char *head = sy_asprintf("<path class=\"%s\" d=\"", class);
    const char *at = strstr(page->html.data, head);
    if (!at)
        fail_msg("%s: draws no %s", page->name, class);
    at += strlen(head);
    return sy_strndup(at, strcspn(at, "\""));
}

/* ---- what is there ---- */

static void every_case(void **state) {
    (void)state;
    for (size_t i = 0; i < n_release_cases; i++) {
        struct sy_report report;
        char headline[SY_REPORT_TEXT_MAX];
        release_cases[i].make(&report);
        struct page page = page_of(release_cases[i].name, &report);
        check_has(&page, sy_report_headline(&report, headline));
        check_has(&page, sy_report_outcome(&report));
        check_has(&page, report.function);
        check_has(&page, report.alias);
        check_has(&page, report.release_id);
        if (page.html.len > 100 * 1024)
            fail_msg("%s: has %zu bytes", page.name, page.html.len);
        if (strstr(page.html.data, "url(") || strstr(page.html.data, "@import"))
            fail_msg("%s: its style sheet loads something", page.name);
        finish(&page, &report);
    }
}

static void every_event(void **state) {
    (void)state;
    for (size_t i = 0; i < n_release_cases; i++) {
        struct sy_report report;
        release_cases[i].make(&report);
        struct page page = page_of(release_cases[i].name, &report);
        for (size_t k = 0; k < report.n_events; k++) {
            char sentence[400];
            char clean[400];
            sy_event_sentence(&report.events[k], sentence);
            sy_text_clean(sentence, strlen(sentence), clean, sizeof clean);
            if (report.events[k].kind != SY_EVENT_OBSERVED)
                check_has(&page, clean);
        }
        finish(&page, &report);
    }
}

static void the_numbers_of_a_release(void **state) {
    (void)state;
    struct sy_report report;
    release_case("rolled-back", &report);
    struct page page = page_of("rolled-back", &report);
    static const char *const said[] = {
        "Error rate",
        "error rate 9.14% (161 of 1760) within 5m exceeds 5%",
        "1,760\n",
        "161\n",
        "9.14%7.8–11%",
        "0.86%15 of 1,742",
        "1.14%0.31–2.9%",
        "41 → 42",
        "22m2s",
        "5% errors within 5m, from 5 invocations on",
        "20261124T111840-16b404e5",
        "41 100%",
        "not reached",
        "1 of 71 1.4%",
        "exit code 3",
        "back to 41",
        "Its error rate was 9.29% at its highest (33 of 355, at 2026-11-24T11:40:40Z)",
        "10% from 2026-11-24T11:18:40Z on, 50% from 2026-11-24T11:33:40Z on, 0% from",
    };
    for (size_t i = 0; i < SY_COUNT(said); i++)
        check_has(&page, said[i]);
    assert_non_null(strstr(page.html.data,
                           "<time datetime=\"2026-11-24T11:18:40Z\">2026-11-24 11:18:40</time>"));
    finish(&page, &report);
}

static void other_answers(void **state) {
    (void)state;
    static const struct {
        const char *name, *said;
    } cases[] = {
        {"plan", "about 1,500"},
        {"plan", "the function's dead-letter target differs"},
        {"findings", "API Gateway may invoke the function, but not its alias production"},
        {"findings", "see that the new role may do what the old one may"},
        {"verify", "5.0–7.7%"},
        {"verify", "56,789"},
        {"error", "wait for its end, or take it back with steelyard abort"}, /* as code */
        {"unseen", "No telemetry was seen."},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_report report;
        release_case(cases[i].name, &report);
        struct page page = page_of(cases[i].name, &report);
        check_has(&page, cases[i].said);
        finish(&page, &report);
    }
}

static void words_from_outside_are_text(void **state) {
    (void)state;
    struct sy_report report;
    release_case("hostile", &report);
    struct page page = page_of("hostile", &report);
    check_has(&page, "</script><img src=x onerror=alert(1)> \"'&amp;<b>");
    assert_null(strstr(page.html.data, "<img"));
    assert_null(strstr(page.html.data, "</script"));
    finish(&page, &report);
}

/* Of a first release nothing is said of a baseline that it does not have. */
static void no_baseline(void **state) {
    (void)state;
    struct sy_report report;
    release_case("first", &report);
    struct page page = page_of("first", &report);
    check_has(&page, "alias moved: none -> 1 100%");
    assert_null(strstr(page.text.data, "of the baseline"));
    assert_null(strstr(page.html.data, "Baseline </th>"));
    finish(&page, &report);
}

/* Nothing was asked and nothing is known: the page says so, and no more. */
static void empty(void **state) {
    (void)state;
    struct sy_report report;
    sy_report_init(&report, "status", "checkout", "production");
    struct page page = page_of("empty", &report);
    check_has(&page, "No release is on record");
    assert_null(strstr(page.html.data, "<table"));
    assert_null(strstr(page.html.data, "<figure"));
    finish(&page, &report);
}

/* ---- the timeline ---- */

static void steps(void **state) {
    (void)state;
    struct sy_report report;
    release_case("rolled-back", &report);
    struct page page = page_of("rolled-back", &report);
    SY_AUTO_FREE char *path = path_of(&page, "line");
    assert_string_equal(path, "M0 985H0V888H681V500H998V985H1000");
    finish(&page, &report);
}

/* The line of the version's error rate, which stands behind its band. */
static char *rates_of(const struct page *page) {
    static const char head[] = "<path class=\"line\" d=\"";
    const char *band = strstr(page->html.data, "<path class=\"band\"");
    const char *line = band ? strstr(band, head) : NULL;
    if (!line)
        fail_msg("%s: draws no error rate", page->name);
    line += strlen(head);
    return sy_strndup(line, strcspn(line, "\""));
}

static size_t runs_of(const char *name) {
    struct sy_report report;
    release_case(name, &report);
    struct page page = page_of(name, &report);
    SY_AUTO_FREE char *path = rates_of(&page);
    size_t runs = count(path, "M");
    finish(&page, &report);
    return runs;
}

static void gaps_are_gaps(void **state) {
    (void)state;
    assert_int_equal(runs_of("rolled-back"), 1);
    assert_int_equal(runs_of("days"), 4);      /* three nights without traffic */
    assert_int_equal(runs_of("telemetry"), 4); /* two spans are missing, and one point is alone */
    assert_int_equal(runs_of("one-point"), 1);
}

/* One poll that saw no invocation is no rate of 0. */
static void a_poll_without_traffic(void **state) {
    (void)state;
    struct sy_report report;
    release_case("rolled-back", &report);
    report.points[5].canary = (struct sy_counts){0, 0};
    struct page page = page_of("rolled-back", &report);
    SY_AUTO_FREE char *path = rates_of(&page);
    assert_int_equal(count(path, "M"), 2);
    finish(&page, &report);
}

static void no_line_without_telemetry(void **state) {
    (void)state;
    struct sy_report report;
    release_case("unseen", &report);
    struct page page = page_of("unseen", &report);
    assert_null(strstr(page.html.data, "<path class=\"limit\""));
    finish(&page, &report);
}

/* The threshold and the highest rate both lie inside the box, whichever is above. */
static void the_scale_shows_both(void **state) {
    (void)state;
    static const struct {
        int32_t threshold_bp;
        int64_t errors;
    } cases[] = {{500, 0}, {500, 100}, {10000, 1}, {1, 1000}, {0, 0}, {0, 1000}, {10000, 1000}};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_report report;
        int limit = -1;
        int x = 0;
        int y = -1;
        release_case("one-point", &report);
        report.threshold_bp = cases[i].threshold_bp;
        report.points[0].canary = (struct sy_counts){1000, cases[i].errors};
        report.points[0].other = (struct sy_counts){0, 0};
        struct page page = page_of("one-point", &report);
        SY_AUTO_FREE char *path = path_of(&page, "limit");
        assert_int_equal(sscanf(path, "M0 %d", &limit), 1);
        SY_AUTO_FREE char *line = rates_of(&page);
        assert_int_equal(sscanf(line, "M%d %d", &x, &y), 2);
        if (limit < 0 || limit > 1000 || y < 0 || y > 1000)
            fail_msg("of %d and %lld of 1000: %d, %d", cases[i].threshold_bp,
                     (long long)cases[i].errors, limit, y);
        finish(&page, &report);
    }
}

/* However many points there are, the highest is among those that are shown. */
static void the_highest_is_shown(void **state) {
    (void)state;
    for (size_t n = 1; n <= SY_REPORT_POINTS_MAX; n += n < 130 ? 1 : 101) {
        struct sy_report report;
        struct sy_report_point shown[60];
        sy_report_init(&report, "apply", "checkout", "production");
        report.points = sy_calloc(n, sizeof *report.points);
        report.n_points = n;
        for (size_t i = 0; i < n; i++)
            report.points[i] =
                (struct sy_report_point){.at_ms = (int64_t)i, .canary = {100, i == n / 2 ? 9 : 1}};
        size_t n_shown = sy_highest_points(&report, SY_COUNT(shown), shown);
        assert_true(n_shown >= 1 && n_shown <= SY_COUNT(shown));
        const struct sy_report_point *highest = sy_highest_point(shown, n_shown, false);
        assert_int_equal(highest->canary.errors, 9);
        sy_report_finish(&report);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case),
        cmocka_unit_test(every_event),
        cmocka_unit_test(the_numbers_of_a_release),
        cmocka_unit_test(other_answers),
        cmocka_unit_test(words_from_outside_are_text),
        cmocka_unit_test(no_baseline),
        cmocka_unit_test(empty),
        cmocka_unit_test(steps),
        cmocka_unit_test(gaps_are_gaps),
        cmocka_unit_test(a_poll_without_traffic),
        cmocka_unit_test(no_line_without_telemetry),
        cmocka_unit_test(the_scale_shows_both),
        cmocka_unit_test(the_highest_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
