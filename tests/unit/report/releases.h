/* Reports of releases as they happen: a small language for tests of the faces, and the cases that
 * the page is looked at with. */
#ifndef SY_TESTS_RELEASES_H
#define SY_TESTS_RELEASES_H

#include "report/report.h"

/* The caller finishes what make() made. */
struct release_case {
    const char *name;
    void (*make)(struct sy_report *report);
};
extern const struct release_case release_cases[];
extern const size_t n_release_cases;

/* Make the case of that name. */
void release_case(const char *name, struct sy_report *report);

#endif
