#define _GNU_SOURCE
#include "lock.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/time.h>
#include <unistd.h>

/* How long a worker has to end by itself, and how long the lock may take to be free when it has ended. */
#define END_MS 5000
#define LOCK_SECONDS 5

/* A number of a process is given again; with the time at which that process started it isn't. In ticks since the machine started. */
struct process {
	int pid;
	unsigned long long started;
};

struct record {
	struct process monitor, worker;
};

static int lock = -1;
static struct record held;

/* When a process started, 0 where there is none: one that has ended and that nobody has looked at is none either. */
static unsigned long long start_of(int pid)
{
	char path[32], text[1024], *at;
	unsigned long long started = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* The name may hold anything, brackets and spaces too. */
	at = strrchr(text, ')');
	if (!at || at[1] != ' ' || strchr("ZXx", at[2]))
		return 0;
	/* The state is field 3, the start field 22. */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		started = strtoull(at + 1, NULL, 10);
	return started;
}

static bool lives(const struct process *process)
{
	return process->pid > 0 && process->started != 0 && start_of(process->pid) == process->started;
}

/* Of one length always, so that nothing of an earlier one is left behind it. */
static bool write_record(void)
{
	char text[128];
	int length = snprintf(text, sizeof(text), "monitor %010d %020llu worker %010d %020llu\n", held.monitor.pid, held.monitor.started, held.worker.pid, held.worker.started);

	return pwrite(lock, text, (size_t)length, 0) == length;
}

static bool read_record(struct record *record)
{
	char text[128];
	ssize_t n = pread(lock, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return sscanf(text, "monitor %10d %20llu worker %10d %20llu\n", &record->monitor.pid, &record->monitor.started, &record->worker.pid, &record->worker.started) == 4;
}

/* True: it has ended, and whatever it held is free. */
static bool end_process(const struct process *process)
{
	int fd = process->pid > 0 ? pidfd_open(process->pid, 0) : -1;
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	bool done;

	/* Looked at once the descriptor stands for it: from here on nobody else can be meant. */
	if (fd < 0 || !lives(process)) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	log_fact("ending", "program", "worker", "why", "its monitor is gone", NULL);
	done = pidfd_send_signal(fd, SIGTERM, NULL, 0) == 0 && poll(&ended, 1, END_MS) == 1;
	/* One that hangs holds nothing that the next one doesn't find again. */
	if (!done)
		done = pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0 && poll(&ended, 1, END_MS) == 1;
	close(fd);
	return done;
}

static void wake(int signal_)
{
	(void)signal_;
}

/* Again and again, so that a signal that comes just before it begins to wait isn't the only one. */
static bool wait_for_lock(void)
{
	struct sigaction action = { .sa_handler = wake }, before;
	struct itimerval timer = { .it_value = { .tv_sec = LOCK_SECONDS }, .it_interval = { .tv_sec = 1 } }, none = { .it_value = { .tv_sec = 0 } };
	bool taken;

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
	taken = flock(lock, LOCK_EX) == 0;
	setitimer(ITIMER_REAL, &none, NULL);
	sigaction(SIGALRM, &before, NULL);
	return taken;
}

static bool take_over(void)
{
	struct record record;

	if (!read_record(&record) || lives(&record.monitor))
		return false;
	/* A worker that isn't recorded has no leave to begin, and ends when its monitor does. */
	return end_process(&record.worker) && wait_for_lock();
}

bool take_lock(const char *path, char *why, size_t size)
{
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0 || (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno != EWOULDBLOCK)) {
		snprintf(why, size, "%s", strerror(errno));
		return false;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) != 0 && !take_over()) {
		snprintf(why, size, "another helper, or a worker of one, is running");
		return false;
	}
	held = (struct record){ .monitor = { .pid = getpid(), .started = start_of(getpid()) } };
	if (!write_record()) {
		snprintf(why, size, "can't be written");
		return false;
	}
	return true;
}

bool record_worker(pid_t worker)
{
	held.worker = (struct process){ .pid = worker, .started = start_of(worker) };
	return held.worker.started != 0 && write_record();
}
