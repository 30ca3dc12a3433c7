/* Other people's words inside our formats. Each appends the text so that it stays text: control
 * characters and broken UTF-8 become '?', and whatever has a meaning in the format loses it. */
#ifndef SY_REPORT_ESCAPE_H
#define SY_REPORT_ESCAPE_H

#include "base/memory.h"

/* Content and attributes of XML and HTML. */
void sy_put_xml(struct sy_buffer *to, const char *text);
/* Inline text of GitHub's and GitLab's Markdown, table cells among them: no markup, no HTML, no
 * mention, no reference, no autolink. */
void sy_put_markdown(struct sy_buffer *to, const char *text);
/* The message of a GitHub workflow command (::error::message). */
void sy_put_command(struct sy_buffer *to, const char *text);
/* A property of one (::error title=…::). */
void sy_put_command_property(struct sy_buffer *to, const char *text);
/* A line of a CI log: nothing in it is taken for a command of the platform. */
void sy_put_log(struct sy_buffer *to, const char *text);

#endif
