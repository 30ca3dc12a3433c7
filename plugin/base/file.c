#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t max, char **ret, size_t *ret_len) {
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    char block[8192];
    ssize_t n = 0;
    sy_buffer_append(&text, "", 0);
    while ((n = read(fd, block, sizeof block)) > 0) {
        sy_buffer_append(&text, block, (size_t)n);
        if (text.len > max) {
            errno = EFBIG;
            return -1;
        }
    }
    if (n < 0)
        return -1;
    *ret_len = text.len;
    *ret = SY_STEAL(text.data);
    return 0;
}

int sy_file_read(const char *path, size_t max, char **ret, size_t *ret_len) {
    struct stat is;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int failed = -1;
    if (fd < 0)
        return -1;
    if (fstat(fd, &is) || !S_ISREG(is.st_mode))
        errno = EINVAL;
    else if (is.st_size > (off_t)max)
        errno = EFBIG;
    else
        failed = read_all(fd, max, ret, ret_len);
    int why = errno;
    (void)close(fd);
    errno = why;
    return failed;
}
