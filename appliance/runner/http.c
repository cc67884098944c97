#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINE 4096

static long long deadline; /* of the request under way, in milliseconds of the monotonic clock */

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		long long left = deadline - now();
		int n;

		if (left <= 0)
			return false;
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

static bool open_connection(struct http *http)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)http->port) };
	int one = 1, error = 0;
	socklen_t size = sizeof(error);

	if (inet_pton(AF_INET, http->address, &to.sin_addr) != 1)
		return false;
	http->at = http->filled = 0;
	http->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (http->fd < 0)
		return false;
	setsockopt(http->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(http->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return true;
	if (errno != EINPROGRESS || !wait_for(http->fd, POLLOUT))
		return false;
	return getsockopt(http->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static bool send_all(struct http *http, const char *data, size_t length, int flags)
{
	while (length > 0) {
		ssize_t n = send(http->fd, data, length, MSG_NOSIGNAL | flags);

		if (n < 0 && errno == EAGAIN) {
			if (!wait_for(http->fd, POLLOUT))
				return false;
		} else if (n < 0 && errno != EINTR) {
			return false;
		} else if (n > 0) {
			data += n;
			length -= (size_t)n;
		}
	}
	return true;
}

/* More bytes into the empty buffer. 1: there are some, 0: the other side has ended, -1: broken or too late. */
static int fill(struct http *http)
{
	for (;;) {
		ssize_t n = recv(http->fd, http->buffer, sizeof(http->buffer), 0);

		if (n >= 0) {
			http->at = 0;
			http->filled = (size_t)n;
			return n > 0;
		}
		if (errno == EAGAIN ? !wait_for(http->fd, POLLIN) : errno != EINTR)
			return -1;
	}
}

static bool read_line(struct http *http, char *line)
{
	for (size_t length = 0; length < MAX_LINE - 1;) {
		char c;

		if (http->at == http->filled && fill(http) <= 0)
			return false;
		c = http->buffer[http->at++];
		if (c == '\n') {
			if (length > 0 && line[length - 1] == '\r')
				length--;
			line[length] = '\0';
			return true;
		}
		line[length++] = c;
	}
	return false;
}

/* Appends `count` bytes, or with -1 everything until the other side ends. */
static bool read_bytes(struct http *http, struct http_answer *answer, long long count, size_t limit)
{
	while (count != 0) {
		size_t ready = http->filled - http->at;

		if (ready == 0) {
			int more = fill(http);

			if (more <= 0)
				return more == 0 && count < 0;
			continue;
		}
		if (count > 0 && (long long)ready > count)
			ready = (size_t)count;
		if (answer->length + ready > limit)
			return false;
		answer->body = realloc(answer->body, answer->length + ready + 1);
		if (!answer->body)
			return false;
		memcpy(answer->body + answer->length, http->buffer + http->at, ready);
		answer->length += ready;
		answer->body[answer->length] = '\0';
		http->at += ready;
		if (count > 0)
			count -= (long long)ready;
	}
	return true;
}

static bool read_chunks(struct http *http, struct http_answer *answer, size_t limit)
{
	char line[MAX_LINE];

	for (;;) {
		char *end;
		long long size;

		if (!read_line(http, line))
			return false;
		size = strtoll(line, &end, 16);
		if (end == line || size < 0)
			return false;
		if (size == 0)
			break;
		if (!read_bytes(http, answer, size, limit) || !read_line(http, line))
			return false;
	}
	do
		if (!read_line(http, line))
			return false;
	while (line[0]);
	return true;
}

static bool read_answer(struct http *http, struct http_answer *answer, size_t limit, bool *keep)
{
	char line[MAX_LINE];
	long long length = -1;
	bool chunked = false, good;

	do {
		if (!read_line(http, line) || sscanf(line, "HTTP/1.%*d %d", &answer->status) != 1)
			return false;
		*keep = strncmp(line, "HTTP/1.1", 8) == 0;
		for (;;) {
			if (!read_line(http, line))
				return false;
			if (!line[0])
				break;
			if (strncasecmp(line, "content-length:", 15) == 0)
				length = strtoll(line + 15, NULL, 10);
			else if (strncasecmp(line, "transfer-encoding:", 18) == 0)
				chunked = strcasestr(line, "chunked") != NULL;
			else if (strncasecmp(line, "connection:", 11) == 0)
				*keep = *keep && strcasestr(line, "close") == NULL;
		}
	} while (answer->status < 200);
	if (chunked)
		good = read_chunks(http, answer, limit);
	else if (answer->status == 204)
		good = true;
	else
		good = read_bytes(http, answer, length, limit);
	if (!chunked && length < 0 && answer->status != 204)
		*keep = false;
	return good && (answer->body || (answer->body = calloc(1, 1)));
}

/* An idle connection that the server has closed meanwhile is opened again before anything is sent on it. */
static bool still_open(struct http *http)
{
	char c;

	return http->fd >= 0 && recv(http->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int http_request(struct http *http, const char *path, const char *extra, const char *body, size_t length,
		 size_t limit, int seconds, struct http_answer *answer)
{
	char head[1024];
	int size;
	bool keep = false, good;

	memset(answer, 0, sizeof(*answer));
	deadline = now() + (long long)seconds * 1000;
	if (http->fd >= 0 && !still_open(http)) {
		close(http->fd);
		http->fd = -1;
	}
	good = http->fd >= 0 || open_connection(http);
	if (body)
		size = snprintf(head, sizeof(head),
				"POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
				path, http->address, extra, length);
	else
		size = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, http->address);
	good = good && size > 0 && (size_t)size < sizeof(head);
	good = good && send_all(http, head, (size_t)size, body ? MSG_MORE : 0) && (!body || send_all(http, body, length, 0));
	good = good && read_answer(http, answer, limit, &keep);
	if (!good) {
		free(answer->body);
		memset(answer, 0, sizeof(*answer));
	}
	if ((!good || !keep) && http->fd >= 0) {
		close(http->fd);
		http->fd = -1;
	}
	return good ? 0 : -1;
}
