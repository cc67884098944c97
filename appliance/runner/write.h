/* What the guest says: lines to POST /ganeti/latest/write, in order, none lost. */
#ifndef SLIPWAY_WRITE_H
#define SLIPWAY_WRITE_H

#include "http.h"
#include "stream.h"

#include <stdbool.h>
#include <stddef.h>

/* Sends whole lines and waits for the answer. A broken connection or an answer
 * of 500 and above is tried again with the same bytes for up to WRITE_PATIENCE seconds.
 * Returns the status of the answer, or -1 when patience has run out. */
int write_lines(struct http *http, const char *lines, size_t length);
#define WRITE_PATIENCE 600

/* A program to run: `argv` in `folder` with exactly `environment`. With a stream
 * its standard input is what comes (STREAM_IN), or its standard output what goes
 * (STREAM_OUT); else its input is empty, and its output said as its errors are. */
struct script {
	const char *folder;
	char *const *argv, *const *environment;
	struct stream *stream;
};

/* Exit status of an install when the appliance, not the script, has failed. */
#define APPLIANCE_FAILED 125

/* Runs a script, with what it says as lines to the host while they appear.
 * Returns the exit status as a shell counts it (128 + signal; 126 if it can't
 * be run), APPLIANCE_FAILED if its stream broke off, or -1 if the host didn't
 * answer for WRITE_PATIENCE seconds: the program has been killed in both cases. */
int run_and_write(struct http *http, const struct script *script);

#endif
