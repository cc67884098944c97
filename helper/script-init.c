#define _GNU_SOURCE
#include "script-init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASIDE 600 /* where descriptors can't be in each other's way */
#define MAX_ENVIRONMENT (2 << 20)
#define MAX_VARIABLES 4096
#define NOT_STARTED 125
#define NOBODY 65534
#define OS_FOLDER "/run/slipway/os"

static void give_up(const char *step) __attribute__((noreturn));

static void give_up(const char *step)
{
	dprintf(REPORT, "%s: %s", step, strerror(errno));
	_exit(NOT_STARTED);
}

/* Its own, and nothing of the worker's. Those that weren't given become /dev/null. */
static bool place_descriptors(const struct script_order *order, int report, int worker, int mapping)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC), count = DISKS + (int)order->disk_count;
	int all[DISKS + MAX_SCRIPT_DISKS] = { order->streams[0], order->streams[1], order->streams[2], report, worker, mapping, order->environment,
					      order->definition, order->pipe, order->image, order->hide };

	for (size_t i = 0; i < order->disk_count; i++)
		all[DISKS + i] = order->disks[i];
	for (int i = 0; i < count; i++)
		if ((all[i] = fcntl(all[i] < 0 ? nothing : all[i], F_DUPFD_CLOEXEC, ASIDE)) < 0)
			return false;
	for (int i = 0; i < count; i++)
		if (dup3(all[i], i, O_CLOEXEC) < 0)
			return false;
	return close_range((unsigned)count, ~0u, 0) == 0;
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
}

/* As nobody, in namespaces where nobody can write but there: whatever the archive is, it becomes files of that folder or nothing. */
static bool unpack_definition(void)
{
	char *const arguments[] = { "tar", "--extract", "--file=-", "--no-same-owner", "--no-same-permissions", NULL };
	char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	struct rlimit none = { 0, 0 };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

		umask(022);
		if (setrlimit(RLIMIT_CORE, &none) != 0 || setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || chdir(OS_FOLDER) != 0 ||
		    dup2(DEFINITION, 0) < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0)
			_exit(1);
		execve("/bin/tar", arguments, environment);
		_exit(1);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	errno = EBADMSG;
	return status == 0 && mount(NULL, OS_FOLDER, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) == 0;
}

/* `NAME=value`, each ended by a NUL, until the pipe's end. They go into memory, and with the program into its own. */
static char **read_environment(char *text, size_t *length)
{
	static char *variables[MAX_VARIABLES + 1];
	size_t count = 0;
	ssize_t n;

	*length = 0;
	while ((n = read(ENVIRONMENT, text + *length, MAX_ENVIRONMENT - *length)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NULL;
		*length += (size_t)n;
	}
	errno = EINVAL;
	if (*length == MAX_ENVIRONMENT || (*length > 0 && text[*length - 1] != '\0'))
		return NULL;
	for (char *at = text; at < text + *length; at += strlen(at) + 1) {
		const char *equals = strchr(at, '=');

		if (count == MAX_VARIABLES || !equals || equals == at)
			return NULL;
		variables[count++] = at;
	}
	variables[count] = NULL;
	return variables;
}

/*
 * Of one byte: none is written to a file then, and none is piped to a program of the host either, as with 0 it would be. A helper that
 * was started with 0 and mayn't raise it (no CAP_SYS_RESOURCE, as in some containers) leaves it there.
 */
static bool limit_core_dumps(void)
{
	struct rlimit one = { 1, 1 }, now;

	return setrlimit(RLIMIT_CORE, &one) == 0 || (getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0);
}

static void become_script(const struct script_order *order, const struct script_rules *rules, char **environment)
{
	char path[64];
	char *const arguments[] = { path, NULL };
	struct rlimit files;

	snprintf(path, sizeof(path), OS_FOLDER "/%s", order->name);
	umask(022);
	setsid();
	if (!limit_core_dumps() || getrlimit(RLIMIT_NOFILE, &files) != 0)
		give_up("limits");
	files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		give_up("limits");
	if (!drop_privileges(rules))
		give_up("privileges");
	if (chdir(OS_FOLDER) != 0)
		give_up("definition");
	close_range(REPORT + 1, ~0u, 0);
	for (int i = 0; i < REPORT; i++)
		fcntl(i, F_SETFD, 0);
	execve(path, arguments, environment);
	give_up("script");
}

/* 128 and the signal's number, as shells have it. */
static int wait_for(pid_t script)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid == script)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (pid < 0 && errno != EINTR)
			return NOT_STARTED;
	}
}

void run_script_init(const struct script_order *order, const struct script_rules *rules, int report, int worker, int mapping)
{
	struct pollfd alive;
	char *text, **environment;
	const char *step;
	size_t length;
	pid_t script;
	int status;

	/* From here on it dies with the worker. Where that had died before, it is seen below. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "slipway-script");
	reset_signals();
	if (!place_descriptors(order, report, worker, mapping))
		_exit(NOT_STARTED);
	alive = (struct pollfd){ .fd = WORKER, .events = POLLIN };
	if (poll(&alive, 1, 0) != 0)
		_exit(NOT_STARTED);
	step = make_script_place(order, rules, mapping >= 0);
	if (step)
		give_up(step);
	if (!unpack_definition())
		give_up("definition");
	text = malloc(MAX_ENVIRONMENT);
	environment = text ? read_environment(text, &length) : NULL;
	if (!environment)
		give_up("environment");
	script = fork();
	if (script == 0)
		become_script(order, rules, environment);
	if (script < 0)
		give_up("script");
	explicit_bzero(text, length);
	close_range(0, ~0u, 0);
	status = wait_for(script);
	/* What it has started and left goes with it, and before its mounts do: what they have to write is written then. */
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
	umount2("/", MNT_DETACH);
	_exit(status);
}
