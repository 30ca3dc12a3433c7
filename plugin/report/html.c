/* One page that needs nothing beside itself. */
#include "report/escape.h"
#include "report/face.h"

void sy_write_html(const struct sy_report *report, struct sy_buffer *to) {
    char headline[SY_REPORT_TEXT_MAX];
    sy_buffer_puts(to, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>");
    sy_put_xml(to, report->function);
    sy_buffer_puts(to, "</title><h1>");
    sy_put_xml(to, sy_report_headline(report, headline));
    sy_buffer_puts(to, "</h1></html>\n");
}
