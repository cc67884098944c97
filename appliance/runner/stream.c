#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PART (64 * 1024)
#define ANSWER_SECONDS 600
/* What is in the pipe nobody has read. */
#define UNREAD (64 * 1024)

static char part[PART];

__attribute__((noreturn))
static void give_up(int log, const char *problem)
{
	dprintf(log, "appliance: %s\n", problem);
	_exit(1);
}

int open_stream(struct stream *stream, const char *address, int port)
{
	struct http *http = &stream->http;
	char head[1024];
	int size;

	*http = (struct http){ .address = address, .port = port, .fd = -1 };
	allow_seconds(60);
	size = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", stream->path, address);
	if (size > 0 && (size_t)size < sizeof(head) && open_connection(http) && send_all(http, head, (size_t)size, 0) &&
	    read_head(http, &stream->head))
		return stream->head.status;
	hang_up(http);
	return -1;
}

/* False: nobody reads any more. */
static bool pass_on(int to, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(to, bytes, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		}
	}
	return true;
}

static void tell_percent(int log, long long passed, long long whole, int *told)
{
	int percent = passed > UNREAD ? (int)((passed - UNREAD) * 100 / whole) : 0;

	if (percent / 5 == *told / 5)
		return;
	*told = percent;
	dprintf(log, "{\"percent\":%d}\n", percent);
}

pid_t pump_in(struct stream *stream, int to, int log)
{
	struct http *http = &stream->http;
	long long whole = stream->head.length, passed = 0;
	pid_t child = fork();
	int told = 0;

	if (child != 0)
		return child;
	/* Without its length the end of a stream can't be told from a break. */
	if (stream->head.chunked || whole < 0)
		give_up(log, "the host doesn't say how long the stream is");
	while (passed < whole) {
		size_t ready;

		allow_seconds(STREAM_PATIENCE);
		if (http->at == http->filled && fill(http) <= 0)
			give_up(log, "the stream from the host broke off");
		ready = http->filled - http->at;
		if ((long long)ready > whole - passed)
			ready = (size_t)(whole - passed);
		if (!pass_on(to, http->buffer + http->at, ready))
			_exit(0);
		http->at += ready;
		passed += (long long)ready;
		if (stream->tell_percent)
			tell_percent(log, passed, whole, &told);
	}
	_exit(0);
}

/* The host answers before it has everything only to refuse. */
__attribute__((noreturn))
static void refused(struct http *http, int log)
{
	struct http_head head;
	char line[128];

	allow_seconds(10);
	if (!read_head(http, &head))
		give_up(log, "the stream to the host broke off");
	snprintf(line, sizeof(line), "the host refused the stream with %d", head.status);
	give_up(log, line);
}

/* Fills `part` as far as it goes, watching the host meanwhile. Returns the bytes, less than PART at the end only. */
static size_t gather(struct http *http, int from, int log)
{
	size_t filled = 0;

	while (filled < PART) {
		struct pollfd wait[2] = { { .fd = from, .events = POLLIN }, { .fd = http->fd, .events = POLLIN } };
		ssize_t n;

		if (poll(wait, 2, -1) < 0)
			continue;
		if (wait[1].revents)
			refused(http, log);
		if (!wait[0].revents)
			continue;
		n = read(from, part + filled, PART - filled);
		if (n == 0)
			break;
		if (n > 0)
			filled += (size_t)n;
		else if (errno != EINTR)
			give_up(log, "what the script writes can't be read");
	}
	return filled;
}

static void send_part(struct http *http, size_t length, int log)
{
	char head[32];
	int size = snprintf(head, sizeof(head), "%zx\r\n", length);

	allow_seconds(STREAM_PATIENCE);
	if (!send_all(http, head, (size_t)size, MSG_MORE) || !send_all(http, part, length, MSG_MORE) || !send_all(http, "\r\n", 2, 0))
		refused(http, log);
}

pid_t pump_out(struct stream *stream, int from, int good, int log)
{
	struct http *http = &stream->http;
	struct http_head answer;
	char head[1024], yes;
	size_t length;
	ssize_t n;
	pid_t child = fork();
	int size;

	if (child != 0)
		return child;
	allow_seconds(60);
	size = snprintf(head, sizeof(head),
			"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
			stream->path, http->address);
	if (size < 0 || (size_t)size >= sizeof(head) || !open_connection(http) || !send_all(http, head, (size_t)size, 0))
		give_up(log, "the host can't be reached for the stream");
	do {
		length = gather(http, from, log);
		if (length > 0)
			send_part(http, length, log);
	} while (length == PART);
	while ((n = read(good, &yes, 1)) < 0 && errno == EINTR)
		;
	if (n != 1)
		_exit(1);
	allow_seconds(ANSWER_SECONDS);
	if (!send_all(http, "0\r\n\r\n", 5, 0) || !read_head(http, &answer))
		give_up(log, "the stream to the host broke off");
	if (answer.status >= 300) {
		char line[128];

		snprintf(line, sizeof(line), "the host refused the stream with %d", answer.status);
		give_up(log, line);
	}
	_exit(0);
}
