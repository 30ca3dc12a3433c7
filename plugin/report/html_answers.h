/* The page's part (html.c) of what plan, check and verify answered. */
#ifndef SY_REPORT_HTML_ANSWERS_H
#define SY_REPORT_HTML_ANSWERS_H

#include "base/memory.h"
#include "report/report.h"

void sy_put_planned_stages(const struct sy_plan *plan, struct sy_buffer *to);
void sy_put_warnings(const struct sy_plan *plan, struct sy_buffer *to);
void sy_put_rehearsals(const struct sy_drill *drill, struct sy_buffer *to);
void sy_put_findings(const struct sy_findings *findings, struct sy_buffer *to);
void sy_put_verify(const struct sy_report_verify *verify, struct sy_buffer *to);

#endif
