#define _GNU_SOURCE
#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_WRITE "/ganeti/latest/write"
/* One POST carries at most this much; a longer line is sent in pieces. */
#define MAX_BATCH (64 * 1024)

static long long lines_sent;

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

int write_lines(struct http *http, const char *lines, size_t length)
{
	struct timespec start, now;
	char extra[64];
	long wait = 50;

	snprintf(extra, sizeof(extra), "Slipway-First-Line: %lld\r\n", lines_sent);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		struct http_answer answer;

		if (http_request(http, PATH_WRITE, extra, lines, length, 65536, 30, &answer) == 0) {
			free(answer.body);
			if (answer.status < 500) {
				for (size_t i = 0; i < length; i++)
					lines_sent += lines[i] == '\n';
				return answer.status;
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec >= WRITE_PATIENCE)
			return -1;
		pause_ms(wait);
		wait = wait < 800 ? wait * 2 : 1000;
	}
}

struct batch {
	char bytes[MAX_BATCH];
	size_t filled;
};

/* Sends the whole lines of the batch and keeps the rest; with `all`, or when
 * nothing else fits, ends the last line itself. False: the host is gone. */
static bool flush(struct http *http, struct batch *batch, bool all)
{
	char *end = memrchr(batch->bytes, '\n', batch->filled);
	size_t length = end ? (size_t)(end - batch->bytes) + 1 : 0;

	if (batch->filled > length && (all || (length == 0 && batch->filled == MAX_BATCH - 1))) {
		batch->bytes[batch->filled++] = '\n';
		length = batch->filled;
	}
	if (length == 0)
		return true;
	if (write_lines(http, batch->bytes, length) < 0)
		return false;
	batch->filled -= length;
	memmove(batch->bytes, batch->bytes + length, batch->filled);
	return true;
}

/* Reads what is there, without waiting. False: nothing will come any more. */
static bool collect(int pipe, struct batch *batch)
{
	while (batch->filled < MAX_BATCH - 1) {
		ssize_t n = read(pipe, batch->bytes + batch->filled, MAX_BATCH - 1 - batch->filled);

		if (n > 0)
			batch->filled += (size_t)n;
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			return false;
		else if (errno == EAGAIN)
			return true;
	}
	return true;
}

static pid_t start(const char *folder, char *const argv[], char *const environment[], int output)
{
	pid_t child = fork();
	sigset_t none;
	int empty;

	if (child != 0)
		return child;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	empty = open("/dev/null", O_RDONLY);
	dup2(empty, 0);
	dup2(output, 1);
	dup2(output, 2);
	if (chdir(folder) == 0)
		execve(argv[0], argv, environment);
	dprintf(2, "appliance: the script can't be run: %s\n", strerror(errno));
	_exit(126);
}

/* The wait status of `child` once it has ended; as process 1 also takes in orphans. */
static bool has_ended(pid_t child, int *status)
{
	int s;
	bool ended = false;

	for (pid_t p; (p = waitpid(-1, &s, WNOHANG)) > 0;)
		if (p == child) {
			*status = s;
			ended = true;
		}
	return ended;
}

int run_and_write(struct http *http, const char *folder, char *const argv[], char *const environment[])
{
	static struct batch batch;
	sigset_t child_signal;
	int ends[2], signals, status = 0;
	bool open = true, ended = false;
	pid_t child;

	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, NULL);
	signals = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return 126;
	child = start(folder, argv, environment, ends[1]);
	close(ends[1]);
	if (child < 0)
		return 126;
	/* Only this end: the script's own writes must block as usual. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	/* A program left behind may hold the pipe open: the script's own end decides. */
	while (!ended) {
		struct signalfd_siginfo ignored;
		struct pollfd wait[2] = { { .fd = signals, .events = POLLIN }, { .fd = open ? ends[0] : -1, .events = POLLIN } };

		poll(wait, 2, -1);
		while (read(signals, &ignored, sizeof(ignored)) > 0)
			;
		ended = has_ended(child, &status);
		open = open && collect(ends[0], &batch);
		if (!flush(http, &batch, !open)) {
			kill(-child, SIGKILL);
			return -1;
		}
	}
	/* At its end the pipe held no more than 64 KiB of its own; what others go on saying is left. */
	for (int round = 0; round < 3; round++) {
		open = open && collect(ends[0], &batch);
		if (!flush(http, &batch, round == 2))
			return -1;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
