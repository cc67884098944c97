#ifndef SLIPWAY_LOOPS_H
#define SLIPWAY_LOOPS_H

#include <stddef.h>
#include <sys/types.h>

struct file_identity {
	dev_t device;
	ino_t inode;
};

/*
 * Takes these files out of loop devices, and what is on them out of device-mapper: a script that was killed has no time to do it, and loop devices belong to no namespace. One that
 * is still being unmounted goes by itself when that is done.
 */
void release_loops(const struct file_identity *files, size_t count);

#endif
