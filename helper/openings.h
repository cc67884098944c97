#ifndef SLIPWAY_OPENINGS_H
#define SLIPWAY_OPENINGS_H

#include "guests.h"

#include <poll.h>

#define MAX_RUNS 128

/* Hooks that run: of an interface that comes up, whose descriptors wait for them, or of one that has gone. */

/* An interface has gone, or is to go: what the kernel holds for it goes, and the hooks run. */
void close_link(struct guest *guest, struct link *link);
/* Closes the descriptors that wait; whoever asked for them is told. */
void cancel_opening(const struct guest *guest);

/* Appends what has to be waited for; returns how many. */
size_t poll_runs(struct pollfd *polls);
/* Reads what came by these. */
void tend_runs(const struct pollfd *polls, size_t count);

#endif
