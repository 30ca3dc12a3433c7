/* A small HTTP server for tests, on raw sockets so that it can misbehave: one thread a connection,
 * on loopback, on a port that the kernel chose. What it does is in the path of the request. */
#ifndef SY_TESTS_RAW_SERVER_H
#define SY_TESTS_RAW_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_CONNECTIONS_MAX = 64, SERVER_HUGE = 100 * 1024 * 1024 };

struct raw_server;
struct raw_connection {
    struct raw_server *server;
    pthread_t thread;
    int fd;
    SSL *ssl;
};

struct raw_server {
    int fd;
    int port;
    SSL_CTX *tls; /* NULL: plain */
    pthread_t thread;
    struct raw_connection connections[SERVER_CONNECTIONS_MAX];
    int n_connections;       /* of the accepting thread */
    atomic_int accepted;     /* connections */
    atomic_int requests;     /* read in full */
    atomic_llong body_bytes; /* sent for /huge and /endless */
    pthread_mutex_t lock;
    char last[8192]; /* the last request, under lock */
};

static ssize_t server_read(struct raw_connection *c, char *buf, size_t size) {
    return c->ssl ? SSL_read(c->ssl, buf, (int)size) : recv(c->fd, buf, size, 0);
}

static bool server_write(struct raw_connection *c, const char *data, size_t len) {
    while (len > 0) {
        ssize_t n =
            c->ssl ? SSL_write(c->ssl, data, (int)len) : send(c->fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool server_puts(struct raw_connection *c, const char *text) {
    return server_write(c, text, strlen(text));
}

/* One request with its body into buf; false at the end of the connection. */
static bool server_take_request(struct raw_connection *c, char *buf, size_t size) {
    size_t len = 0;
    size_t need = 0;
    while (need == 0 || len < need) {
        ssize_t n = server_read(c, buf + len, size - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        buf[len] = '\0';
        const char *head_end = strstr(buf, "\r\n\r\n");
        const char *length = strcasestr(buf, "\r\nContent-Length:");
        if (head_end)
            need = (size_t)(head_end + 4 - buf) +
                   (length && length < head_end ? strtoul(length + 17, NULL, 10) : 0);
        if (len == size - 1)
            return false;
    }
    return true;
}

static bool server_flood(struct raw_connection *c, bool chunked) {
    static char block[65536];
    bool good = server_puts(c, chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       : "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
    for (int sent = 0; good && sent < SERVER_HUGE; sent += (int)sizeof block) {
        good = (!chunked || server_puts(c, "10000\r\n")) && server_write(c, block, sizeof block) &&
               (!chunked || server_puts(c, "\r\n"));
        if (good)
            atomic_fetch_add(&c->server->body_bytes, (long long)sizeof block);
    }
    return good && (!chunked || server_puts(c, "0\r\n\r\n"));
}

static bool server_many_headers(struct raw_connection *c, int count, size_t width) {
    char value[4096];
    bool good = server_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    memset(value, 'v', width);
    value[width] = '\0';
    for (int i = 0; good && i < count; i++)
        good = server_puts(c, "X-Many: ") && server_puts(c, value) && server_puts(c, "\r\n");
    return good && server_puts(c, "\r\n");
}

/* false: close the connection. */
static bool server_answer(struct raw_connection *c, const char *path) {
    if (strcmp(path, "/ok") == 0)
        return server_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One:  1 \r\n\r\nhello");
    if (strcmp(path, "/missing") == 0)
        return server_puts(c, "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}");
    if (strcmp(path, "/continue") == 0)
        return server_puts(c, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Late: 1\r\n\r\n");
    if (strcmp(path, "/redirect") == 0)
        return server_puts(c, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
    if (strcmp(path, "/cut") == 0)
        (void)server_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    if (strcmp(path, "/cut-chunk") == 0)
        (void)server_puts(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    if (strcmp(path, "/garbage") == 0)
        (void)server_puts(c, "SSH-2.0-OpenSSH_9.2\r\nand so on\r\n\r\n");
    if (strcmp(path, "/huge") == 0)
        return server_flood(c, false);
    if (strcmp(path, "/endless") == 0)
        return server_flood(c, true);
    if (strcmp(path, "/headers-64") == 0)
        return server_many_headers(c, 63, 10);
    if (strcmp(path, "/headers-65") == 0)
        return server_many_headers(c, 64, 10);
    if (strcmp(path, "/headers-wide") == 0)
        return server_many_headers(c, 20, 2000);
    return strcmp(path, "/silent") == 0;
}

/* Of a path of several segments the first one counts. */
static bool server_path(const char *request, char path[128]) {
    if (sscanf(request, "%*s %127s", path) != 1)
        return false;
    path[1 + strcspn(path + 1, "/")] = '\0';
    return true;
}

static void *server_serve(void *arg) {
    struct raw_connection *c = arg;
    char request[8192];
    char path[128];
    bool good = !c->ssl || SSL_accept(c->ssl) == 1;
    while (good && server_take_request(c, request, sizeof request)) {
        (void)pthread_mutex_lock(&c->server->lock);
        (void)snprintf(c->server->last, sizeof c->server->last, "%s", request);
        (void)pthread_mutex_unlock(&c->server->lock);
        atomic_fetch_add(&c->server->requests, 1);
        good = server_path(request, path) && server_answer(c, path);
    }
    (void)shutdown(c->fd, SHUT_RDWR);
    return NULL;
}

static void *server_accept(void *arg) {
    struct raw_server *server = arg;
    while (server->n_connections < SERVER_CONNECTIONS_MAX) {
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            break;
        struct raw_connection *c = &server->connections[server->n_connections++];
        *c = (struct raw_connection){.server = server, .fd = fd};
        if (server->tls) {
            c->ssl = SSL_new(server->tls);
            (void)SSL_set_fd(c->ssl, fd);
        }
        atomic_fetch_add(&server->accepted, 1);
        if (pthread_create(&c->thread, NULL, server_serve, c))
            abort();
    }
    return NULL;
}

static struct raw_server *server_start(SSL_CTX *tls) {
    struct raw_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (!server)
        abort();
    server->tls = tls;
    (void)pthread_mutex_init(&server->lock, NULL);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, len) ||
        listen(server->fd, 64) || getsockname(server->fd, (struct sockaddr *)&address, &len) ||
        pthread_create(&server->thread, NULL, server_accept, server))
        abort();
    server->port = ntohs(address.sin_port);
    return server;
}

/* The last request as the server read it; the caller frees it. */
static inline char *server_last(struct raw_server *server) {
    (void)pthread_mutex_lock(&server->lock);
    char *copy = strdup(server->last);
    (void)pthread_mutex_unlock(&server->lock);
    return copy;
}

static void server_stop(struct raw_server *server) {
    (void)shutdown(server->fd, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    for (int i = 0; i < server->n_connections; i++) {
        struct raw_connection *c = &server->connections[i];
        (void)shutdown(c->fd, SHUT_RDWR);
        (void)pthread_join(c->thread, NULL);
        SSL_free(c->ssl);
        (void)close(c->fd);
    }
    (void)close(server->fd);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

#endif
