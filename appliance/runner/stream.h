/* What is too large for memory, between a script and the host: the package, the
 * stream that an import reads, the one that an export writes. Each goes over a
 * connection of its own, by a process of its own, once: nothing is ever sent or
 * read a second time, and what breaks off fails the run. */
#ifndef SLIPWAY_STREAM_H
#define SLIPWAY_STREAM_H

#include "connection.h"

#include <stdbool.h>
#include <sys/types.h>

/* A stream may stand still for so long: a script may work in between. */
#define STREAM_PATIENCE 1800

struct stream {
	enum { STREAM_NONE, STREAM_IN, STREAM_OUT } direction;
	const char *path;
	/* STREAM_IN: whether the host is told how much of it has been read, as percents of the script's own step. */
	bool tell_percent;
	struct http http;
	struct http_head head;
};

/* Asks for a stream and reads the answer's head: its status, or -1 if there was none. */
int open_stream(struct stream *stream, const char *address, int port);

/* Starts a process that passes a stream that open_stream has opened on to `to`. It
 * ends with 0 when all of it is there or its reader has gone, else with 1 after a line to `log`. */
pid_t pump_in(struct stream *stream, int to, int log);

/* Starts a process that sends what comes from `from`, to its end, as the body of a
 * POST. The body is ended properly, and the answer waited for, only when a byte
 * comes from `good`: whoever finds that there won't be one ends the process. It ends
 * with 0 when the host has taken all of it, else with 1 after a line to `log`. */
pid_t pump_out(struct stream *stream, int from, int good, int log);

#endif
