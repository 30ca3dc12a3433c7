/* write_pages FOLDER: the page of each case (tests/unit/report/releases.c) into FOLDER/NAME.html.
 */
#include "releases.h"
#include "report/face.h"

#include <stdio.h>

static int write_page(const char *folder, const struct release_case *which) {
    struct sy_report report;
    SY_AUTO_BUFFER struct sy_buffer page = {0};
    SY_AUTO_FREE char *path = sy_asprintf("%s/%s.html", folder, which->name);
    which->make(&report);
    sy_write_html(&report, &page);
    sy_report_finish(&report);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        return -1;
    }
    bool written = fwrite(page.data, 1, page.len, file) == page.len;
    return fclose(file) || !written ? -1 : 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        (void)fprintf(stderr, "usage: write_pages FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < n_release_cases; i++)
        if (write_page(argv[1], &release_cases[i]))
            return 1;
    return 0;
}
