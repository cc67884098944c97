#ifndef SLIPWAY_LOCK_H
#define SLIPWAY_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The lock of a run folder, kept by monitor and worker until the last of them ends. Its file names both. Whoever takes it ends a worker
 * whose monitor is gone, and is refused where the monitor lives. False: `why` says it.
 */
bool take_lock(const char *path, char *why, size_t size);

/* Names the worker that this monitor has started. */
bool record_worker(pid_t worker);

#endif
