/* What a page (html.c) is made of: words, numbers, times, and tables that are cards on a phone. */
#ifndef SY_REPORT_PAGE_H
#define SY_REPORT_PAGE_H

#include "base/memory.h"
#include "report/report.h"

/* Other people's words. */
void sy_page_foreign(struct sy_buffer *to, const char *text);
/* Our own, with `code` in it. */
void sy_page_prose(struct sy_buffer *to, const char *text);
/* "2026-01-02 03:04:05", or its time alone. */
void sy_page_time(struct sy_buffer *to, int64_t at_ms, bool date);
/* 1234567 -> "1,234,567". */
void sy_page_number(struct sy_buffer *to, int64_t number);
/* The error rate; "–" when nothing was invoked. */
void sy_page_rate(struct sy_buffer *to, struct sy_counts counts);
void sy_page_duration(struct sy_buffer *to, int64_t ms);
/* A symbol of the page: good, bad, doubtful, unknown, …; "" = none. Words stand beside it. */
void sy_page_mark(struct sy_buffer *to, const char *mark);

/* open_table, column…, open_rows, (open_row, its head and </th>, open_cell, close_cell…, </tr>)…,
 * close_table. class: "n" for numbers, "none" for a cell that a card leaves out; "" = no class. */
void sy_page_open_table(struct sy_buffer *to, const char *name);
void sy_page_column(struct sy_buffer *to, const char *class, const char *name);
void sy_page_open_rows(struct sy_buffer *to);
void sy_page_open_row(struct sy_buffer *to);
/* label: the column's name, for a card; "" = it needs none. */
void sy_page_open_cell(struct sy_buffer *to, const char *class, const char *label);
void sy_page_close_cell(struct sy_buffer *to);
void sy_page_close_table(struct sy_buffer *to);

/* Three columns: invocations, errors, their rate with its confidence limits. */
void sy_page_counts_columns(struct sy_buffer *to);
void sy_page_counts_cells(struct sy_buffer *to, bool known, struct sy_counts counts);

#endif
