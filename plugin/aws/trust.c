#include "aws/trust.h"

#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char hashed_folder[] = "/etc/ssl/certs";
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Alpine */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Amazon Linux, Fedora */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL */
    "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
    "/etc/ssl/cert.pem",                                 /* Alpine without the package */
};

static int take_variable(const char *name, struct sy_trust *trust, struct sy_error *error) {
    const char *path = getenv(name);
    char shown[128];
    if (!path || !*path)
        return 0;
    if (strlen(path) >= sizeof trust->file || access(path, R_OK) != 0)
        return sy_fail_field(error, name,
                             "%s: \"%s\" cannot be read; name a file of certificates "
                             "in PEM form, or unset it",
                             name, sy_text_clean(path, strlen(path), shown, sizeof shown));
    memcpy(trust->file, path, strlen(path) + 1);
    return 0;
}

/* Does the folder hold a name such as 3513523f.0, by which OpenSSL looks a certificate up? */
static bool is_hashed(const char *folder) {
    enum { LOOKS = 4096 };
    bool found = false;
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    for (int i = 0; i < LOOKS && !found; i++) {
        struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        found = strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.' &&
                entry->d_name[9] >= '0' && entry->d_name[9] <= '9';
    }
    (void)closedir(dir);
    return found;
}

int sy_trust_find(struct sy_trust *ret, struct sy_error *error) {
    struct sy_trust trust = {0};
    if (take_variable("AWS_CA_BUNDLE", &trust, error))
        return -1;
    if (!*trust.file && take_variable("SSL_CERT_FILE", &trust, error))
        return -1;
    if (!*trust.file && is_hashed(hashed_folder))
        (void)snprintf(trust.folder, sizeof trust.folder, "%s", hashed_folder);
    for (size_t i = 0; i < SY_COUNT(bundles) && !*trust.file && !*trust.folder; i++)
        if (access(bundles[i], R_OK) == 0)
            (void)snprintf(trust.file, sizeof trust.file, "%s", bundles[i]);
    *ret = trust;
    return 0;
}
