#ifndef SLIPWAY_SCRIPTS_H
#define SLIPWAY_SCRIPTS_H

#include "config.h"
#include "requests.h"

#include <poll.h>

/* At once. */
#define MAX_SCRIPTS 16
#define MAX_SCRIPT_DISKS 16
#define MAX_SCRIPT_NAME 16

/* A trusted script as it was asked for. Descriptors are the peer's; -1: not given. */
struct script_order {
	char name[MAX_SCRIPT_NAME + 1];
	uint32_t seconds;
	bool read_only; /* disks */
	int streams[3], environment, definition, pipe, image, hide;
	size_t disk_count;
	int disks[MAX_SCRIPT_DISKS];
};

/* Removes what scripts of a worker that was killed have left, and finds out what can be limited. */
void prepare_scripts(const struct config *config, pid_t monitor);
/* NULL, or the sentence that says why no script is run on this host. */
const char *why_no_scripts(void);

/* Answers once the program runs, and says how it ended. False after a refusal. */
bool start_script(const struct request *request, const struct script_order *order);
/* Kills the script of this connection with all that it started; its end is said once everything is gone. False: it runs none. */
bool end_script_of(unsigned long long peer);

size_t poll_scripts(struct pollfd *polls);
void tend_scripts(const struct pollfd *polls, size_t count);
/* The child that has ended may be one of these. */
void script_ended(pid_t pid, int status);
/* Milliseconds until the next one's time is up, or -1. Kills those whose time is. */
long long end_late_scripts(void);
/* Before the worker ends. */
void end_all_scripts(void);

#endif
