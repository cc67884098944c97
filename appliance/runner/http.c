#define _GNU_SOURCE
#include "http.h"
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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
	struct http_head head;
	bool good;

	if (!read_head(http, &head))
		return false;
	answer->status = head.status;
	if (head.chunked)
		good = read_chunks(http, answer, limit);
	else if (head.status == 204)
		good = true;
	else
		good = read_bytes(http, answer, head.length, limit);
	*keep = head.keep && (head.chunked || head.length >= 0 || head.status == 204);
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
	allow_seconds(seconds);
	if (!still_open(http))
		hang_up(http);
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
	if (!good || !keep)
		hang_up(http);
	return good ? 0 : -1;
}
