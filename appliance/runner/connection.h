/* The bytes under HTTP: a connection, lines, the head of an answer. */
#ifndef SLIPWAY_CONNECTION_H
#define SLIPWAY_CONNECTION_H

#include "http.h"

#include <stdbool.h>

#define MAX_LINE 4096

/* `length` -1: not said. `keep`: whether the connection may be used again. */
struct http_head {
	int status;
	long long length;
	bool chunked, keep;
};

/* Everything below fails when so many seconds have passed since the last call of this. */
void allow_seconds(int seconds);

bool wait_for(int fd, short events);
bool open_connection(struct http *http);
bool send_all(struct http *http, const char *data, size_t length, int flags);

/* More bytes into the empty buffer. 1: there are some, 0: the other side has ended, -1: broken or too late. */
int fill(struct http *http);

/* `line` has MAX_LINE bytes; the line's end isn't part of it. */
bool read_line(struct http *http, char *line);

/* The head of the final answer; what follows is its body. */
bool read_head(struct http *http, struct http_head *head);

/* Ends the connection. Idempotent. */
void hang_up(struct http *http);

#endif
