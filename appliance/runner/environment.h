/* Ganeti's environment of an OS script, API version 20, from the two documents of the metadata service. */
#ifndef SLIPWAY_ENVIRONMENT_H
#define SLIPWAY_ENVIRONMENT_H

#include "json.h"

/* The block device with this virtio serial, as a path from malloc; NULL if there is none.
 * `sysfs` is where the kernel lists block devices: /sys/block, or a stand-in for tests. */
char *find_disk(const char *sysfs, const char *serial);

/* A NULL-terminated environment for execve. What is wrong with the documents is
 * named in `*problem` (a sentence without any value), and NULL returned. */
char **build_environment(const struct json *metadata, const struct json *parameters, const char *sysfs,
			 const char **problem);

/* The same for a program of the product's own, which is told of the disks and of nothing else. */
char **build_own_environment(const struct json *metadata, const char *sysfs, const char **problem);

/* One variable more in an environment of these. */
void add_variable(char ***environment, const char *name, const char *value);

#endif
