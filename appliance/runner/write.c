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

struct ends {
	int read, write;
};

static bool make_pipe(struct ends *ends)
{
	int both[2];

	if (pipe2(both, O_CLOEXEC) < 0)
		return false;
	*ends = (struct ends){ both[0], both[1] };
	return true;
}

static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

static pid_t start(const struct script *script, int input, int output, int errors)
{
	pid_t child = fork();
	sigset_t none;

	if (child != 0)
		return child;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	dup2(input >= 0 ? input : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	dup2(output, 1);
	dup2(errors, 2);
	if (chdir(script->folder) == 0)
		execve(script->argv[0], script->argv, script->environment);
	dprintf(2, "appliance: the script can't be run: %s\n", strerror(errno));
	_exit(126);
}

/* What is under way: the script, and the process of its stream. */
struct run {
	/* 0: ended. */
	pid_t script, pump;
	int status;
	/* What the script says; its stream; whether the end of a stream to the host is its proper end. */
	struct ends log, stream, good;
	int signals;
	bool log_open, broken;
};

static void start_all(struct run *run, const struct script *script)
{
	struct stream *stream = script->stream;
	int direction = stream ? stream->direction : STREAM_NONE;

	run->script = start(script, direction == STREAM_IN ? run->stream.read : -1,
			    direction == STREAM_OUT ? run->stream.write : run->log.write, run->log.write);
	/* A process may have its own end of a pipe alone, or nobody would see the other go. */
	if (direction == STREAM_IN) {
		close_end(&run->stream.read);
		run->pump = pump_in(stream, run->stream.write, run->log.write);
		hang_up(&stream->http);
	} else if (direction == STREAM_OUT) {
		close_end(&run->stream.write);
		run->pump = pump_out(stream, run->stream.read, run->good.read, run->log.write);
		close_end(&run->stream.read);
	}
	close_end(&run->log.write);
}
static void kill_script(struct run *run)
{
	if (run->script > 0)
		kill(-run->script, SIGKILL);
}

/* The script's end decides over its stream: a good one ends it properly, what it hasn't read doesn't matter. */
static void take_script_end(struct run *run, int status, int direction)
{
	run->script = 0;
	run->status = status;
	if (run->pump <= 0)
		return;
	if (direction == STREAM_OUT && status == 0 && write(run->good.write, "!", 1) == 1)
		return;
	kill(run->pump, SIGKILL);
	waitpid(run->pump, NULL, 0);
	run->pump = 0;
}

/* As long as this process has its end open, a stream that breaks off doesn't look to the script like one that has ended. */
static void take_pump_end(struct run *run, int status)
{
	run->pump = 0;
	if (status == 0) {
		close_end(&run->stream.write);
		return;
	}
	run->broken = true;
	kill_script(run);
}

/* Takes in whoever has ended; as process 1 also orphans. */
static void take_ends(struct run *run, int direction)
{
	int status;

	for (pid_t p; (p = waitpid(-1, &status, WNOHANG)) > 0;)
		if (p == run->script)
			take_script_end(run, status, direction);
		else if (p == run->pump)
			take_pump_end(run, status);
}

/* Until script and stream have ended. False: the host is gone. */
static bool follow(struct http *http, struct run *run, struct batch *batch, int direction)
{
	/* A program left behind may hold the pipe open: the script's own end decides. */
	while (run->script > 0 || run->pump > 0) {
		struct signalfd_siginfo ignored;
		struct pollfd wait[2] = { { .fd = run->signals, .events = POLLIN }, { .fd = run->log_open ? run->log.read : -1, .events = POLLIN } };

		poll(wait, 2, -1);
		while (read(run->signals, &ignored, sizeof(ignored)) > 0)
			;
		take_ends(run, direction);
		run->log_open = run->log_open && collect(run->log.read, batch);
		if (!flush(http, batch, !run->log_open))
			return false;
	}
	/* At its end the pipe held no more than 64 KiB of its own; what others go on saying is left. */
	for (int round = 0; round < 3; round++) {
		run->log_open = run->log_open && collect(run->log.read, batch);
		if (!flush(http, batch, round == 2))
			return false;
	}
	return true;
}

static int result_of(const struct run *run)
{
	if (run->broken)
		return APPLIANCE_FAILED;
	return WIFSIGNALED(run->status) ? 128 + WTERMSIG(run->status) : WEXITSTATUS(run->status);
}

int run_and_write(struct http *http, const struct script *script)
{
	static struct batch batch;
	int direction = script->stream ? script->stream->direction : STREAM_NONE;
	struct run run = { .log = { -1, -1 }, .stream = { -1, -1 }, .good = { -1, -1 }, .log_open = true };
	sigset_t child_signal;
	int result = 126;

	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, NULL);
	run.signals = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run.signals >= 0 && make_pipe(&run.log) && (direction == STREAM_NONE || make_pipe(&run.stream)) &&
	    (direction != STREAM_OUT || make_pipe(&run.good))) {
		start_all(&run, script);
		/* Only this end: the script's own writes must block as usual. */
		fcntl(run.log.read, F_SETFL, O_NONBLOCK);
		run.broken = direction != STREAM_NONE && run.pump <= 0;
		if (run.broken)
			kill_script(&run);
		if (run.script < 0)
			take_script_end(&run, 126 << 8, direction);
		if (follow(http, &run, &batch, direction)) {
			result = result_of(&run);
		} else {
			kill_script(&run);
			if (run.pump > 0)
				kill(run.pump, SIGKILL);
			result = -1;
		}
	}
	close_end(&run.log.read);
	close_end(&run.log.write);
	close_end(&run.stream.read);
	close_end(&run.stream.write);
	close_end(&run.good.read);
	close_end(&run.good.write);
	close_end(&run.signals);
	return result;
}
