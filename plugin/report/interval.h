/* How far the true error rate may be from the one that was counted. */
#ifndef SY_REPORT_INTERVAL_H
#define SY_REPORT_INTERVAL_H

#include "core/event.h"

/* The confidence limits of 95 % of an error rate, as shares from 0 to 1; what reports print beside
 * it. They are the exact ones: a report may look less sure than the counts are, never more, and
 * Wilson's cover less than they say just where releases are, at few errors. Beyond SY_EXACT_MAX
 * invocations they are Wilson's, which differ by less than 0.001 % there.
 *
 * 0 to 1, nothing is known: without invocations, and of more errors than invocations, which counts
 * that are still growing can show; those are not judged either. */
enum { SY_EXACT_MAX = 1000000 }; /* the exact limits take some square root of n steps */
void sy_rate_interval(struct sy_counts counts, double *ret_low, double *ret_high);

/* The two formulas, of 0 <= errors <= invocations, invocations > 0.
 *
 * C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits" (1934): each limit is
 * missed with a probability of alpha at most, whatever the true rate is. */
void sy_exact_interval(struct sy_counts counts, double alpha, double *ret_low, double *ret_high);
/* E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927); z is
 * the normal quantile of 1 - alpha. */
void sy_wilson_interval(struct sy_counts counts, double z, double *ret_low, double *ret_high);

#endif
