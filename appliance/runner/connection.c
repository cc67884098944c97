#define _GNU_SOURCE
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long deadline; /* of what is under way, in milliseconds of the monotonic clock */

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void allow_seconds(int seconds)
{
	deadline = now() + (long long)seconds * 1000;
}

bool wait_for(int fd, short events)
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

bool open_connection(struct http *http)
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

bool send_all(struct http *http, const char *data, size_t length, int flags)
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

int fill(struct http *http)
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

bool read_line(struct http *http, char *line)
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

bool read_head(struct http *http, struct http_head *head)
{
	char line[MAX_LINE];

	do {
		*head = (struct http_head){ .length = -1 };
		if (!read_line(http, line) || sscanf(line, "HTTP/1.%*d %d", &head->status) != 1)
			return false;
		head->keep = strncmp(line, "HTTP/1.1", 8) == 0;
		for (;;) {
			if (!read_line(http, line))
				return false;
			if (!line[0])
				break;
			if (strncasecmp(line, "content-length:", 15) == 0)
				head->length = strtoll(line + 15, NULL, 10);
			else if (strncasecmp(line, "transfer-encoding:", 18) == 0)
				head->chunked = strcasestr(line, "chunked") != NULL;
			else if (strncasecmp(line, "connection:", 11) == 0)
				head->keep = head->keep && strcasestr(line, "close") == NULL;
		}
	} while (head->status < 200);
	return true;
}

void hang_up(struct http *http)
{
	if (http->fd >= 0)
		close(http->fd);
	http->fd = -1;
}
