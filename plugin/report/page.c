#include "report/page.h"

#include "base/text.h"
#include "report/escape.h"
#include "report/interval.h"

#include <stdio.h>
#include <string.h>

/* ---- words ---- */

/* Other people's words may change the direction of writing; they do so for themselves alone. */
void sy_page_foreign(struct sy_buffer *to, const char *text) {
    sy_buffer_puts(to, "<bdi>");
    sy_put_xml(to, text);
    sy_buffer_puts(to, "</bdi>");
}

/* Our own, with `code` in it. */
void sy_page_prose(struct sy_buffer *to, const char *text) {
    bool code = false;
    for (const char *tick; (tick = strchr(text, '`')); text = tick + 1) {
        SY_AUTO_FREE char *part = sy_strndup(text, (size_t)(tick - text));
        sy_put_xml(to, part);
        sy_buffer_puts(to, code ? "</code>" : "<code>");
        code = !code;
    }
    sy_put_xml(to, text);
    sy_buffer_puts(to, code ? "</code>" : "");
}

/* "2026-01-02 03:04:05", or its time alone. */
void sy_page_time(struct sy_buffer *to, int64_t at_ms, bool date) {
    char iso[24];
    sy_time_format(at_ms, iso);
    sy_buffer_printf(to, "<time datetime=\"%s\">", iso);
    if (date)
        sy_buffer_printf(to, "%.10s ", iso);
    sy_buffer_printf(to, "%.8s</time>", iso + 11);
}

/* 1234567 -> "1,234,567"; nobody reads seven digits at once. */
void sy_page_number(struct sy_buffer *to, int64_t number) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)number);
    for (int i = 0; i < len; i++) {
        sy_buffer_append(to, &digits[i], 1);
        if ((len - i) % 3 == 1 && i + 1 < len && digits[i] != '-')
            sy_buffer_puts(to, ",");
    }
}

void sy_page_rate(struct sy_buffer *to, struct sy_counts counts) {
    char rate[16];
    if (counts.invocations > 0)
        sy_buffer_puts(to, sy_percent_format(sy_rate_bp(counts), rate));
    else
        sy_buffer_puts(to, "–");
}

/* Two figures, since limits are estimates. */
static void put_limit(struct sy_buffer *to, double share) {
    if (share > 0 && share < 1)
        sy_buffer_printf(to, "%.*f", share < 0.01 ? 2 : share < 0.1 ? 1 : 0, share * 100);
    else
        sy_buffer_puts(to, share > 0 ? "100" : "0");
}

static void put_limits(struct sy_buffer *to, struct sy_counts counts) {
    double low = 0;
    double high = 0;
    if (counts.invocations <= 0)
        return;
    sy_rate_interval(counts, &low, &high);
    sy_buffer_puts(to, "<span class=\"sub\">");
    put_limit(to, low);
    sy_buffer_puts(to, "–");
    put_limit(to, high);
    sy_buffer_puts(to, "%</span>");
}

void sy_page_duration(struct sy_buffer *to, int64_t ms) {
    char time[32];
    bool fine = ms < 10000;
    sy_buffer_puts(to, sy_duration_format(fine ? ms : ms - ms % 1000, time));
}

void sy_page_mark(struct sy_buffer *to, const char *mark) {
    if (mark[0])
        sy_buffer_printf(to,
                         "<svg class=\"mark %s\" aria-hidden=\"true\"><use href=\"#%s\"/></svg> ",
                         mark, mark);
}

/* ---- tables, which are cards on a phone; the roles say that they are tables still ---- */

void sy_page_open_table(struct sy_buffer *to, const char *name) {
    sy_buffer_printf(to,
                     "<table class=\"cards\" role=\"table\" aria-label=\"%s\"><thead "
                     "role=\"rowgroup\"><tr role=\"row\">",
                     name);
}

void sy_page_column(struct sy_buffer *to, const char *class, const char *name) {
    sy_buffer_printf(to, "<th scope=\"col\" role=\"columnheader\"%s%s%s>%s</th>",
                     class[0] ? " class=\"" : "", class, class[0] ? "\"" : "", name);
}

void sy_page_open_rows(struct sy_buffer *to) {
    sy_buffer_puts(to, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

void sy_page_close_table(struct sy_buffer *to) {
    sy_buffer_puts(to, "</tbody></table>\n");
}

void sy_page_open_row(struct sy_buffer *to) {
    sy_buffer_puts(to, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
}

/* label: the column's name, for a card; "" = it needs none. */
void sy_page_open_cell(struct sy_buffer *to, const char *class, const char *label) {
    sy_buffer_puts(to, "<td role=\"cell\"");
    if (class[0])
        sy_buffer_printf(to, " class=\"%s\"", class);
    if (label[0])
        sy_buffer_printf(to, " data-label=\"%s\"", label);
    sy_buffer_puts(to, "><span>");
}

void sy_page_close_cell(struct sy_buffer *to) {
    sy_buffer_puts(to, "</span></td>");
}

void sy_page_counts_columns(struct sy_buffer *to) {
    sy_page_column(to, "n", "Invocations");
    sy_page_column(to, "n", "Errors");
    sy_page_column(to, "n", "Error rate, 95% limits");
}

void sy_page_counts_cells(struct sy_buffer *to, bool known, struct sy_counts counts) {
    sy_page_open_cell(to, known ? "n" : "n none", "Invocations");
    if (known)
        sy_page_number(to, counts.invocations);
    sy_page_close_cell(to);
    sy_page_open_cell(to, known ? "n" : "n none", "Errors");
    if (known)
        sy_page_number(to, counts.errors);
    sy_page_close_cell(to);
    sy_page_open_cell(to, known ? "n" : "n none", "Error rate");
    if (known) {
        sy_page_rate(to, counts);
        put_limits(to, counts);
    }
    sy_page_close_cell(to);
}
