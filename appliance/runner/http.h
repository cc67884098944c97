/* HTTP/1.1 to the one host that the appliance can reach.
 *
 * One connection is kept open and used for everything, because each new one
 * starts a program on the host in session mode. If it breaks, the next
 * request opens another. */
#ifndef SLIPWAY_HTTP_H
#define SLIPWAY_HTTP_H

#include <stddef.h>

struct http {
	const char *address; /* IPv4, dotted */
	int port;
	int fd; /* -1: not connected */
	size_t at, filled;
	char buffer[16384];
};

struct http_answer {
	int status;
	char *body; /* NUL-terminated, from malloc */
	size_t length;
};

/* One request and its whole answer. `body` NULL sends a GET, else a POST with
 * the header lines `extra` (each ending in CRLF). An answer larger than `limit`
 * bytes, a broken one or none within `seconds` is a failure.
 * Returns 0, or -1 with the connection closed: whether the server has seen the
 * request isn't known then. */
int http_request(struct http *http, const char *path, const char *extra, const char *body, size_t length,
		 size_t limit, int seconds, struct http_answer *answer);

#endif
