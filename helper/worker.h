#ifndef SLIPWAY_WORKER_H
#define SLIPWAY_WORKER_H

#include "config.h"

#include <sys/types.h>

/* Answers on the listening socket until it is told to end (SIGTERM, SIGINT). Returns the exit status. */
int run_worker(const struct config *config, int listener, pid_t monitor);

#endif
