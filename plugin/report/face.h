/* How a report is written: one file a face. Each writes the whole of it into a buffer; the texts of
 * a report are other people's (reasons, errors), and each face escapes them as its format wants. */
#ifndef SY_REPORT_FACE_H
#define SY_REPORT_FACE_H

#include "base/memory.h"
#include "report/report.h"

/* C name, word (of --format, and of sy_write_word), and what it is. */
#define SY_FACES(X)                                                                                \
    X(TEXT, text, "for a terminal")                                                                \
    X(JSON, json, "docs/report.schema.json")                                                       \
    X(JUNIT, junit, "XML, a test case a stage")                                                    \
    X(MARKDOWN, markdown, "with a mermaid chart")                                                  \
    X(HTML, html, "one page, nothing is loaded from elsewhere")                                    \
    X(DOTENV, dotenv, "outputs as variables")                                                      \
    X(OUTPUTS, outputs, "outputs as GitHub's GITHUB_OUTPUT takes them")                            \
    X(GITHUB, github, "the log of a GitHub step: groups and annotations")                          \
    X(GITLAB, gitlab, "the log of a GitLab job: sections")
#define X(name, word, what) SY_FACE_##name,
enum sy_face { SY_FACES(X) SY_FACE_COUNT };
#undef X
const char *sy_face_word(enum sy_face face);
/* Append the report as the face shows it. */
void sy_face_write(enum sy_face face, const struct sy_report *report, struct sy_buffer *to);

/* The faces themselves: sy_write_text() and so on. */
#define X(name, word, what) void sy_write_##word(const struct sy_report *, struct sy_buffer *to);
SY_FACES(X)
#undef X

/* Lines that more than one face has: an event with its time; what to do now, if anything. */
void sy_put_event_line(const struct sy_release_event *event, struct sy_buffer *to);
void sy_put_advice_line(const struct sy_report *report, struct sy_buffer *to);

/* The outputs of adapters/CONTRACT.md, in its order. */
enum { SY_OUTPUT_VALUE_MAX = 64 };
struct sy_report_output {
    const char *name; /* release-id */
    char value[SY_OUTPUT_VALUE_MAX];
};
enum { SY_REPORT_OUTPUTS = 7 };
void sy_report_outputs(const struct sy_report *report,
                       struct sy_report_output ret[SY_REPORT_OUTPUTS]);
/* "STEELYARD_", "release-id" -> "STEELYARD_RELEASE_ID"; buf of 64 bytes; returns buf. */
const char *sy_variable_name(const char *prefix, const char *name, char buf[64]);

#endif
