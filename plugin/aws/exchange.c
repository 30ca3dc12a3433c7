#include "aws/exchange.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

enum { CONNECT_TIMEOUT_MS = 5000, DEFAULT_TIMEOUT_MS = 30000, IDLE_PROBE_S = 30 };

/* libcurl calls this once a header line; a status line begins the headers anew (100 Continue). */
static size_t take_header(char *data, size_t size, size_t count, void *arg) {
    struct sy_exchange *exchange = arg;
    struct sy_buffer *text = &exchange->header_text;
    size_t len = size * count;
    size_t all = len;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        text->len = 0;
        exchange->n_headers = 0;
        return all;
    }
    while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n'))
        len--;
    const char *colon = memchr(data, ':', len);
    if (!colon || memchr(data, '\0', len))
        return all; /* the empty line at the end, or what is no header: nobody asks for it */
    if (exchange->n_headers == SY_CURL_HEADERS_MAX || text->len + len > SY_CURL_HEADER_BYTES_MAX) {
        exchange->headers_overflowed = true;
        return 0;
    }
    const char *value = colon + 1;
    const char *end = data + len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    sy_buffer_append(text, data, (size_t)(colon - data));
    sy_buffer_append(text, "", 1);
    sy_buffer_append(text, value, (size_t)(end - value));
    sy_buffer_append(text, "", 1);
    exchange->n_headers++;
    return all;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg) {
    struct sy_exchange *exchange = arg;
    size_t len = size * count;
    if (len > SY_CURL_BODY_MAX - exchange->body.len) {
        exchange->body_overflowed = true;
        sy_buffer_finish(&exchange->body);
        return len ? 0 : 1; /* anything but len stops the transfer at once */
    }
    sy_buffer_append(&exchange->body, data, len);
    return len;
}

static bool is_token(const char *text) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._";
    return *text && text[strspn(text, allowed)] == '\0';
}

static void add_line(struct sy_exchange *exchange, const char *line) {
    struct curl_slist *longer = curl_slist_append(exchange->headers, line);
    if (longer)
        exchange->headers = longer;
}

static int add_headers(struct sy_exchange *exchange, const struct sy_http_request *request) {
    bool typed = false;
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct sy_http_header *header = &request->headers[i];
        if (!is_token(header->name) || !sy_text_is_clean(header->value, strlen(header->value)))
            return sy_fail(&exchange->error, SY_INVALID_ARGUMENT,
                           "request header %zu has a character that no header can carry", i + 1);
        SY_AUTO_FREE char *line =
            sy_asprintf(*header->value ? "%s: %s" : "%s;%s", header->name, header->value);
        add_line(exchange, line);
        typed = typed || strcasecmp(header->name, "Content-Type") == 0;
    }
    if (!typed)
        add_line(exchange, "Content-Type:"); /* none, instead of libcurl's form data */
    return 0;
}

static void set_method(struct sy_exchange *exchange, const struct sy_http_request *request) {
    CURL *easy = exchange->easy;
    bool writes = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;
    if (request->body_len > 0 || writes) {
        exchange->request_body = sy_calloc(1, request->body_len + 1);
        if (request->body_len > 0)
            memcpy(exchange->request_body, request->body, request->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->request_body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    } else if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_trust(CURL *easy, const struct sy_trust *trust) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, *trust->file ? trust->file : NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, *trust->folder ? trust->folder : NULL);
}

static void set_limits(struct sy_exchange *exchange) {
    CURL *easy = exchange->easy;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)SY_CURL_BODY_MAX);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* what was signed is what is sent */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)IDLE_PROBE_S);
}

int sy_exchange_prepare(struct sy_exchange *exchange, const struct sy_http_request *request,
                        const struct sy_trust *trust) {
    CURL *easy = exchange->easy;
    bool http = strncasecmp(request->url, "http://", 7) == 0 ||
                strncasecmp(request->url, "https://", 8) == 0;
    if (!http || !sy_text_is_clean(request->url, strlen(request->url)) ||
        !is_token(request->method))
        return sy_fail(&exchange->error, SY_INVALID_ARGUMENT,
                       "a request needs a method and an http:// or https:// URL");
    if (add_headers(exchange, request))
        return -1;
    exchange->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
    set_method(exchange, request);
    set_limits(exchange);
    set_trust(easy, trust);
    if (request->direct)
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
        return sy_fail(&exchange->error, SY_INTERNAL, "libcurl did not take a request's URL");
    return 0;
}

static void judge_bounds(struct sy_exchange *exchange) {
    if (exchange->headers_overflowed)
        (void)sy_fail(&exchange->error, SY_INTERNAL,
                      "the answer has more than %d headers or %d KiB of them and was refused",
                      SY_CURL_HEADERS_MAX, SY_CURL_HEADER_BYTES_MAX / 1024);
    else
        (void)sy_fail(&exchange->error, SY_INTERNAL,
                      "the answer is larger than %d MiB and was refused; does the endpoint belong "
                      "to AWS?",
                      SY_CURL_BODY_MAX / 1024 / 1024);
}

void sy_exchange_judge(struct sy_exchange *exchange, CURLcode result,
                       const struct sy_trust *trust) {
    char why[256];
    char limit[32];
    const char *said = *exchange->why ? exchange->why : curl_easy_strerror(result);
    (void)sy_text_clean(said, strlen(said), why, sizeof why);
    if (result == CURLE_OK)
        return;
    if (exchange->headers_overflowed || exchange->body_overflowed ||
        result == CURLE_FILESIZE_EXCEEDED)
        judge_bounds(exchange);
    else if (result == CURLE_OPERATION_TIMEDOUT)
        (void)sy_fail(&exchange->error, SY_DEADLINE_EXCEEDED, "no complete answer within %s (%s)",
                      sy_duration_format(exchange->timeout_ms, limit), why);
    else if (result == CURLE_URL_MALFORMAT)
        (void)sy_fail(&exchange->error, SY_INVALID_ARGUMENT, "the URL is malformed (%s)", why);
    else if (result == CURLE_WEIRD_SERVER_REPLY || result == CURLE_UNSUPPORTED_PROTOCOL)
        (void)sy_fail(&exchange->error, SY_INTERNAL, "the answer is not HTTP (%s)", why);
    else if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
        (void)sy_fail(&exchange->error, SY_UNAVAILABLE,
                      "%s; trusted is %s: name another file of certificates in AWS_CA_BUNDLE", why,
                      *trust->file     ? trust->file
                      : *trust->folder ? trust->folder
                                       : "nothing (no certificates found)");
    else
        (void)sy_fail(&exchange->error, SY_UNAVAILABLE, "%s", why);
}

void sy_exchange_deliver(struct sy_exchange *exchange) {
    struct sy_http_header headers[SY_CURL_HEADERS_MAX];
    struct sy_http_response response = {.headers = headers, .body = ""};
    long status = 0;
    if (exchange->error.code != SY_OK) {
        response.error = exchange->error;
        exchange->done(exchange->ctx, &response);
        return;
    }
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    const char *p = exchange->header_text.data;
    for (size_t i = 0; i < exchange->n_headers; i++) {
        headers[i].name = p;
        headers[i].value = p + strlen(p) + 1;
        p = headers[i].value + strlen(headers[i].value) + 1;
    }
    response.status = (int)status;
    response.n_headers = exchange->n_headers;
    response.body_len = exchange->body.len;
    if (exchange->body.data)
        response.body = exchange->body.data;
    exchange->done(exchange->ctx, &response);
}

void sy_exchange_destroy(struct sy_exchange *exchange) {
    curl_slist_free_all(exchange->headers);
    sy_buffer_finish(&exchange->header_text);
    sy_buffer_finish(&exchange->body);
    free(exchange->request_body);
    free(exchange);
}
