/*
 * slipway-helper: the only privileged process of a node in system mode (README.md). This is its monitor: it looks at what it was given,
 * holds the lock, the socket and the guard, and starts the worker, again whenever it ends.
 */
#define _GNU_SOURCE
#include "config.h"
#include "guests.h"
#include "leases.h"
#include "lock.h"
#include "log.h"
#include "rules.h"
#include "script-records.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USAGE_STATUS 2
#define LONGEST_WAIT_MS 5000

struct paths {
	char folder[160], config[256];
};

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "slipway-helper: %s: %s\n", what, why);
	return false;
}

static bool read_arguments(int argc, char **argv, struct paths *paths)
{
	bool foreground = false;

	for (int i = 1; i < argc; i++) {
		bool folder = strcmp(argv[i], "--run-folder") == 0, config = strcmp(argv[i], "--config") == 0;

		if (strcmp(argv[i], "--foreground") == 0)
			foreground = true;
		else if ((!folder && !config) || i + 1 == argc)
			return complain(argv[i], "unknown argument, or one without its value");
		else if (argv[++i][0] != '/' || strlen(argv[i]) >= (folder ? sizeof(paths->folder) : sizeof(paths->config)) - 16)
			return complain(argv[i], "not an absolute path, or too long");
		else
			strcpy(folder ? paths->folder : paths->config, argv[i]);
	}
	if (*paths->folder && *paths->config && foreground)
		return true;
	return complain("usage", "slipway-helper --run-folder FOLDER --config FILE --foreground");
}

static bool make_root_folder(const char *path, mode_t mode)
{
	struct stat status;

	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return complain(path, strerror(errno));
	if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) != 0)
		return complain(path, "must be a folder that belongs to root and that nobody else can write");
	return true;
}

static bool lock_folder(const char *folder)
{
	char path[256], why[128];

	snprintf(path, sizeof(path), "%s/helper.lock", folder);
	return take_lock(path, why, sizeof(why)) || complain(path, why);
}

static int listen_for(const struct paths *paths, const struct config *config)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (snprintf(to.sun_path, sizeof(to.sun_path), "%s/helper.sock", paths->folder) >= (int)sizeof(to.sun_path)) {
		complain(paths->folder, "too long for a socket in it");
		return -1;
	}
	unlink(to.sun_path);
	umask(0777);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0 || chown(to.sun_path, 0, config->agent_gid) != 0 ||
	    chmod(to.sun_path, 0660) != 0 || listen(fd, 64) != 0) {
		complain(to.sun_path, strerror(errno));
		fd = -1;
	}
	umask(022);
	return fd;
}

static bool prepare(const struct paths *paths, struct config *config)
{
	char folder[256];

	if (geteuid() != 0)
		return complain("start", "must be root: it makes network interfaces");
	/* By this name the helper knows its own changes to the rules. */
	prctl(PR_SET_NAME, "slipway-helper");
	umask(022);
	if (!read_config(paths->config, config) || !make_root_folder(paths->folder, 0755) || !lock_folder(paths->folder))
		return false;
	snprintf(state_folder, sizeof(state_folder), "%s/guests", paths->folder);
	if (!make_root_folder(state_folder, 0700))
		return false;
	snprintf(script_folder, sizeof(script_folder), "%s/scripts", paths->folder);
	if (!make_root_folder(script_folder, 0700))
		return false;
	snprintf(folder, sizeof(folder), "%s/dnsmasq", paths->folder);
	return check_leases(config, folder);
}

/* It begins once the lock's file names it: one of which nobody could know would outlive its monitor, and keep the next one out. */
static pid_t start_worker(const struct config *config, int listener)
{
	pid_t monitor = getpid();
	int leave[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(leave, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(leave[1]);
		if (read(leave[0], &byte, 1) != 1)
			_exit(1);
		close(leave[0]);
		_exit(run_worker(config, listener, monitor));
	}
	close(leave[0]);
	if (pid > 0 && (!record_worker(pid) || write(leave[1], &byte, 1) != 1))
		log_fact("failed", "step", "lock", "why", strerror(errno), NULL);
	close(leave[1]);
	return pid;
}

static void wait_a_while(long long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t ends;

	/* A worker that fails at once would be started all the time; a signal to end is heard meanwhile. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	if (sigtimedwait(&ends, NULL, &t) > 0)
		_exit(0);
}

/* Until it is told to end. */
static void watch_worker(const struct config *config, int listener, const sigset_t *set)
{
	long long wait_ms = 0;

	for (;;) {
		time_t started = time(NULL);
		pid_t worker = start_worker(config, listener), ended = 0;

		while (worker > 0 && ended != worker) {
			int signal_ = sigwaitinfo(set, NULL);

			if (signal_ == SIGTERM || signal_ == SIGINT) {
				kill(worker, SIGTERM);
				waitpid(worker, NULL, 0);
				return;
			}
			if (signal_ == SIGCHLD)
				ended = waitpid(worker, NULL, WNOHANG);
		}
		log_fact("ended", "program", "worker", NULL);
		wait_ms = time(NULL) - started > 10 ? 0 : wait_ms * 2 + 50;
		wait_ms = wait_ms < LONGEST_WAIT_MS ? wait_ms : LONGEST_WAIT_MS;
		wait_a_while(wait_ms);
	}
}

int main(int argc, char **argv)
{
	static struct config config;
	struct paths paths = { .folder = "" };
	sigset_t set;
	int listener;

	/* Before a worker of an earlier monitor is ended: who is told to end meanwhile does that first, and ends its own then. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, &set, NULL);
	if (!read_arguments(argc, argv, &paths) || !prepare(&paths, &config))
		return USAGE_STATUS;
	if (!install_guard()) {
		complain("guard", "the guard's tables can't be made; another helper may be running in this network namespace");
		return USAGE_STATUS;
	}
	listener = listen_for(&paths, &config);
	if (listener < 0)
		return USAGE_STATUS;
	watch_worker(&config, listener, &set);
	return 0;
}
