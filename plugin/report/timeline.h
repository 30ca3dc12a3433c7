/* A release over time, as a picture: the version's weight, the verdicts, and the error rates with
 * their confidence limits against the threshold. Part of the page (html.c), whose style sheet
 * (page.css.h) gives it its colours and its symbols their shapes. */
#ifndef SY_REPORT_TIMELINE_H
#define SY_REPORT_TIMELINE_H

#include "base/memory.h"
#include "report/report.h"

/* Has anything happened that a time axis could show? */
bool sy_has_timeline(const struct sy_report *report);
/* The <figure>: an <svg> that tells the same in words (title and desc), and its legend. */
void sy_put_timeline(const struct sy_report *report, struct sy_buffer *to);

/* Which symbol and colour a judgement has: "good", "bad", "doubtful"; "" = none. */
const char *sy_decision_mark(enum sy_decision decision);
/* Of one of the two versions: the baseline when other. */
struct sy_counts sy_point_counts(const struct sy_report_point *point, bool other);
/* The point with its highest error rate; NULL when it was not invoked. */
const struct sy_report_point *sy_highest_point(const struct sy_report_point *points, size_t n,
                                               bool other);
/* The points in groups of as many neighbours, at most max of them, each shown by the one with the
 * highest error rate: nothing that was above the threshold is left out. ret holds max. */
size_t sy_highest_points(const struct sy_report *report, size_t max, struct sy_report_point *ret);

#endif
