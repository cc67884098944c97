#define _GNU_SOURCE
#include "script-init.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_map(pid_t pid, const char *name, unsigned inside, unsigned outside)
{
	char path[64], line[64];
	int length = snprintf(line, sizeof(line), "%u %u 1\n", inside, outside), fd;
	bool written;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	written = fd >= 0 && write(fd, line, (size_t)length) == length;
	if (fd >= 0)
		close(fd);
	return written;
}

/* The namespace lives on in its descriptor; the process is there only because a namespace begins with one. */
int make_mapping(const struct config *config)
{
	char path[64], byte = 0;
	int ready[2], fd = -1;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) != 0 || write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1 && write_map(pid, "uid_map", config->agent_uid, config->scripts.uid) &&
	    write_map(pid, "gid_map", config->agent_gid, config->scripts.gid)) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(ready[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return fd;
}
