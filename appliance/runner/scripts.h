/* What one run of the appliance does, by the metadata: which script, how often, with what streams. */
#ifndef SLIPWAY_SCRIPTS_H
#define SLIPWAY_SCRIPTS_H

#include "http.h"
#include "json.h"

#include <stdbool.h>

struct places {
	/* Where the kernel lists block devices, where the definition is unpacked, where programs of the product's own lie. */
	const char *sysfs, *folder, *programs;
	/* Whether the full userland is really entered. */
	bool real;
};

/* One document of the host; never returns where it can't be had. */
typedef struct http_answer fetch_document(const char *path, size_t limit);

/* Everything between knowing the token and reporting with it.
 * Returns the exit status of the install, -1 if the host is gone. */
int run_scripts(struct http *http, const struct json *metadata, const struct places *places, fetch_document *fetch);

#endif
