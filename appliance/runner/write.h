/* What the guest says: lines to POST /ganeti/latest/write, in order, none lost. */
#ifndef SLIPWAY_WRITE_H
#define SLIPWAY_WRITE_H

#include "http.h"

#include <stdbool.h>
#include <stddef.h>

/* Sends whole lines and waits for the answer. A broken connection or an answer
 * of 500 and above is tried again with the same bytes for up to WRITE_PATIENCE seconds.
 * Returns the status of the answer, or -1 when patience has run out. */
int write_lines(struct http *http, const char *lines, size_t length);
#define WRITE_PATIENCE 600

/* Runs `argv` in `folder` with exactly `environment`, standard input empty, and
 * its standard output and error as lines to the host while they appear.
 * Returns the exit status as a shell counts it (128 + signal; 126 if it can't
 * be run), or -1 if the host didn't answer for WRITE_PATIENCE seconds: the
 * program has been killed then. */
int run_and_write(struct http *http, const char *folder, char *const argv[], char *const environment[]);

#endif
