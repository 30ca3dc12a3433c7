/* Signs the requests of AWS's public signing test suite with our signer and compares each stage.
 *
 *     vectors SUITE/v4
 *
 * All of the suite applies: S3's rules for paths are options of the signer.
 * A case is a folder with request.txt, context.json and header-*.txt. A case without context.json
 * exercises double encoding alone: only its canonical request is published. */
#include "aws/sigv4.h"

#include "base/json.h"

#include <dirent.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    SUITE_SIZE = 40, /* aws-sigv4 1.6.4; a suite that came short is not a pass */
    HEADERS_MAX = 32
};

struct vector {
    const char *name;
    char *folder;
    char *text; /* request.txt; the request points into it */
    struct sy_http_header headers[HEADERS_MAX];
    size_t n_headers;
    struct sy_sigv4_request request;
    struct sy_credentials credentials;
    char region[64];
    char service[64];
    char date[SY_SIGV4_DATE_SIZE];
    char body_hash[SY_SIGV4_HEX_SIZE];
    bool omits_token;
    bool signs_body;
    bool has_context;
};

static char *read_file(const char *folder, const char *name) {
    SY_AUTO_FREE char *path = sy_asprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = sy_calloc(1, 65536);
    size_t n = fread(text, 1, 65535, file);
    (void)fclose(file);
    text[n] = '\0';
    return text;
}

/* "2015-08-30T12:36:00Z" -> "20150830T123600Z" */
static void compact_date(const char *text, char date[SY_SIGV4_DATE_SIZE]) {
    size_t out = 0;
    for (; *text && out + 1 < SY_SIGV4_DATE_SIZE; text++)
        if (*text != '-' && *text != ':')
            date[out++] = *text;
    date[out] = '\0';
}

static void read_context(struct vector *v, const char *text) {
    SY_AUTO_JSON struct json_object *root = NULL;
    struct json_object *keys = NULL;
    struct sy_error error = {0};
    char access_key[128] = "";
    char secret_key[128] = "";
    char token[2048] = "";
    char timestamp[32] = "";
    bool normalize = true;
    if (sy_json_parse("context.json", text, strlen(text), &root, &error) ||
        sy_json_child(root, "credentials", true, json_type_object, &keys, &error) ||
        sy_json_string(keys, "access_key_id", true, access_key, sizeof access_key, &error) ||
        sy_json_string(keys, "secret_access_key", true, secret_key, sizeof secret_key, &error) ||
        sy_json_string(keys, "token", false, token, sizeof token, &error) ||
        sy_json_string(root, "region", true, v->region, sizeof v->region, &error) ||
        sy_json_string(root, "service", true, v->service, sizeof v->service, &error) ||
        sy_json_string(root, "timestamp", true, timestamp, sizeof timestamp, &error) ||
        sy_json_bool(root, "normalize", true, &normalize, &error) ||
        sy_json_bool(root, "sign_body", true, &v->signs_body, &error) ||
        sy_json_bool(root, "omit_session_token", false, &v->omits_token, &error)) {
        (void)fprintf(stderr, "%s: %s\n", v->name, error.message);
        exit(2);
    }
    v->credentials = (struct sy_credentials){sy_strdup(access_key), sy_strdup(secret_key),
                                             *token ? sy_strdup(token) : NULL};
    compact_date(timestamp, v->date);
    v->request.keep_path = !normalize;
    v->request.encoded_path = true;
    v->has_context = true;
}

static void add_header(struct vector *v, const char *name, const char *value) {
    if (v->n_headers == HEADERS_MAX)
        exit(2);
    v->headers[v->n_headers++] = (struct sy_http_header){name, value};
}

/* Splits the text in place: request line, headers (a line that begins with a blank goes on with
 * the last one), an empty line, the body. */
static void read_request(struct vector *v) {
    char *line = v->text;
    char *end = strchr(line, '\n');
    char *head_end = strstr(line, "\n\n");
    v->request.body = head_end ? head_end + 2 : "";
    v->request.body_len = strlen(v->request.body);
    if (head_end)
        head_end[1] = '\0';
    *end = '\0';
    char *target = strchr(line, ' ');
    *target++ = '\0';
    char *version = strstr(target, " HTTP/1.1");
    *version = '\0';
    v->request.method = line;
    v->request.path = target;
    char *query = strchr(target, '?');
    if (query) {
        *query++ = '\0';
        v->request.query = query;
    }
    for (line = end + 1; *line;) {
        end = strchr(line, '\n');
        while (end && (end[1] == ' ' || end[1] == '\t'))
            end = strchr(end + 1, '\n');
        if (end)
            *end = '\0';
        char *colon = strchr(line, ':');
        if (colon) {
            *colon = '\0';
            if (strcasecmp(line, "x-amz-date") != 0) /* the signer's time replaces it */
                add_header(v, line, colon + 1);
        }
        line = end ? end + 1 : line + strlen(line);
    }
}

static void hash_body(struct vector *v) {
    unsigned char digest[32];
    if (!EVP_Digest(v->request.body, v->request.body_len, digest, NULL, EVP_sha256(), NULL))
        exit(2);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(v->body_hash + 2 * i, 3, "%02x", digest[i]);
}

static void load(struct vector *v) {
    SY_AUTO_FREE char *context = read_file(v->folder, "context.json");
    v->text = read_file(v->folder, "request.txt");
    if (!v->text) {
        (void)fprintf(stderr, "%s: no request.txt\n", v->name);
        exit(2);
    }
    if (context) {
        read_context(v, context);
    } else {
        /* The suite's user signs these two at a fixed time; their scope is not published. */
        v->credentials = (struct sy_credentials){sy_strdup("AKIDEXAMPLE"), sy_strdup("x"), NULL};
        (void)snprintf(v->region, sizeof v->region, "us-east-1");
        (void)snprintf(v->service, sizeof v->service, "service");
        compact_date("2021-05-11T15:40:45Z", v->date);
    }
    read_request(v);
    add_header(v, "X-Amz-Date", v->date);
    if (v->credentials.session_token && !v->omits_token)
        add_header(v, "X-Amz-Security-Token", v->credentials.session_token);
    if (v->signs_body) {
        hash_body(v);
        add_header(v, "X-Amz-Content-Sha256", v->body_hash);
    }
    v->request.headers = v->headers;
    v->request.n_headers = v->n_headers;
    v->request.date = v->date;
}

static int compare(const struct vector *v, const char *file, const char *actual) {
    SY_AUTO_FREE char *expected = read_file(v->folder, file);
    if (!expected) {
        (void)fprintf(stderr, "%s: no %s\n", v->name, file);
        return 1;
    }
    size_t len = strlen(expected);
    while (len > 0 && expected[len - 1] == '\n')
        expected[--len] = '\0';
    if (strcmp(expected, actual) == 0)
        return 0;
    (void)fprintf(stderr, "%s: %s differs\n--- expected\n%s\n--- ours\n%s\n---\n", v->name, file,
                  expected, actual);
    return 1;
}

static int check(struct vector *v) {
    struct sy_sigv4 *signer = NULL;
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer canonical = {0};
    SY_AUTO_BUFFER struct sy_buffer names = {0};
    SY_AUTO_BUFFER struct sy_buffer to_sign = {0};
    SY_AUTO_BUFFER struct sy_buffer authorization = {0};
    char hex[SY_SIGV4_HEX_SIZE] = "";
    if (sy_sigv4_create(&v->credentials, v->region, v->service, &signer, &error) ||
        sy_sigv4_canonical_request(signer, &v->request, &canonical, &names, &error) ||
        sy_sigv4_string_to_sign(signer, v->date, canonical.data, canonical.len, &to_sign, &error) ||
        sy_sigv4_signature(signer, v->date, to_sign.data, to_sign.len, hex, &error) ||
        sy_sigv4_authorize(signer, &v->request, &authorization, &error)) {
        (void)fprintf(stderr, "%s: %s\n", v->name, error.message);
        exit(2);
    }
    int bad = compare(v, "header-canonical-request.txt", canonical.data);
    if (v->has_context) {
        bad |= compare(v, "header-string-to-sign.txt", to_sign.data);
        bad |= compare(v, "header-signature.txt", hex);
        SY_AUTO_FREE char *signed_request = read_file(v->folder, "header-signed-request.txt");
        if (!signed_request || !strstr(signed_request, authorization.data)) {
            (void)fprintf(stderr, "%s: the Authorization header differs: %s\n", v->name,
                          authorization.data);
            bad = 1;
        }
    }
    sy_sigv4_destroy(signer);
    sy_credentials_finish(&v->credentials);
    free(v->text);
    return bad;
}

int main(int argc, char **argv) {
    struct dirent **names = NULL;
    size_t passed = 0;
    size_t failed = 0;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: vectors SUITE/v4\n");
        return 2;
    }
    int count = scandir(argv[1], &names, NULL, alphasort);
    for (int i = 0; i < count; free(names[i++])) {
        struct vector v = {.name = names[i]->d_name};
        if (v.name[0] == '.')
            continue;
        v.folder = sy_asprintf("%s/%s", argv[1], v.name);
        load(&v);
        int bad = check(&v);
        (void)printf("%s %s\n", bad ? "FAIL" : "ok  ", v.name);
        failed += bad != 0;
        passed += bad == 0;
        free(v.folder);
    }
    free(names);
    (void)printf("%zu passed, %zu failed\n", passed, failed);
    return failed || passed != SUITE_SIZE ? 1 : 0;
}
