#define _GNU_SOURCE
#include "hooks.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 10000
#define MAX_HOOKS 64
#define MAX_OUTPUT_LINES 20

static const char *const folders[] = { "ifup.d", "ifdown.d" };

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Root's alone, as everything that root runs. */
static bool is_roots(const struct stat *status)
{
	return status->st_uid == 0 && (status->st_mode & 022) == 0;
}

static int choose(const struct dirent *entry)
{
	/* What run-parts takes: no editor's copies, no package manager's leftovers. */
	return entry->d_name[strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static void say(const char *hook, const char *interface, const char *line)
{
	log_fact("hook", "hook", hook, "interface", interface, "says", line, NULL);
}

/* A line of a hook: `open tcp:PORT` is for the helper, anything else for its log. */
static void take_line(int helper, const char *hook, const struct link *link, const char *line, int *lines)
{
	bool udp;
	uint16_t port;

	if (strncmp(line, "open ", 5) == 0 && read_service(line + 5, &udp, &port)) {
		dprintf(helper, "%s %s\n", link->name, line + 5);
	} else if (*line && (*lines)++ < MAX_OUTPUT_LINES) {
		say(hook, link->name, line);
	}
}

static bool copy_output(int from, int helper, const char *hook, const struct link *link, long long deadline)
{
	char line[256];
	size_t length = 0;
	int lines = 0;

	for (;;) {
		struct pollfd p = { .fd = from, .events = POLLIN };
		long long left = deadline - now_ms();
		char c;
		ssize_t n;

		if (left <= 0 || (poll(&p, 1, (int)left) == 0))
			return false;
		n = read(from, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 1 && c != '\n') {
			if (length < sizeof(line) - 1)
				line[length++] = c;
			continue;
		}
		line[length] = '\0';
		length = 0;
		take_line(helper, hook, link, line, &lines);
		if (n <= 0)
			return true;
	}
}

static void set_environment(char text[][128], char **environment, const struct guest *guest, const struct link *link)
{
	static const char *const kinds[] = { "channel", "bridged", "routed" };
	size_t i = 0;

	snprintf(text[i++], 128, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(text[i++], 128, "INTERFACE=%s", link->name);
	snprintf(text[i++], 128, "GUEST=%s", guest->key);
	snprintf(text[i++], 128, "MAC=%s", link->mac);
	snprintf(text[i++], 128, "IP=%s", link->ip);
	snprintf(text[i++], 128, "IP6=%s", link->ip6);
	snprintf(text[i++], 128, "KIND=%s", kinds[link->kind]);
	for (size_t j = 0; j < i; j++)
		environment[j] = text[j];
	environment[i] = NULL;
}

static void run_hook(int folder, const char *hook, int helper, const struct guest *guest, const struct link *link)
{
	char text[8][128], *environment[9], *arguments[2] = { (char *)hook, NULL }; /* execveat changes none of them */
	int output[2], status = 0, program = openat(folder, hook, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat facts;
	bool in_time;
	pid_t pid;

	if (program < 0)
		return;
	if (fstat(program, &facts) != 0 || !S_ISREG(facts.st_mode) || (facts.st_mode & 0111) == 0) {
		close(program);
		return;
	}
	close(program);
	if (!is_roots(&facts)) {
		say(hook, link->name, "not run: it must belong to root, and nobody else may write it");
		return;
	}
	if (pipe2(output, O_CLOEXEC) != 0)
		return;
	set_environment(text, environment, guest, link);
	pid = fork();
	if (pid == 0) {
		int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

		setpgid(0, 0);
		signal(SIGPIPE, SIG_DFL);
		dup2(nothing, 0);
		dup2(output[1], 1);
		dup2(output[1], 2);
		/* The folder and all above it are root's: what was looked at is what runs. */
		if (fchdir(folder) != 0)
			_exit(126);
		execve(hook, arguments, environment);
		_exit(127);
	}
	close(output[1]);
	in_time = pid > 0 && copy_output(output[0], helper, hook, link, now_ms() + LIMIT_MS);
	close(output[0]);
	if (!in_time && pid > 0)
		kill(-pid, SIGKILL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!in_time)
		say(hook, link->name, "ended after 10 seconds");
	else if (status != 0)
		say(hook, link->name, "failed");
}

static void run_all(const char *path, int helper, const struct guest *guest, const struct link *const *links, size_t count)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent **entries;
	struct stat facts;
	int n = scandir(path, &entries, choose, alphasort);

	if (folder < 0 || n < 0 || fstat(folder, &facts) != 0)
		return;
	if (!is_roots(&facts)) {
		say(path, "", "not run: the folder must belong to root, and nobody else may write it");
		return;
	}
	for (size_t i = 0; i < count; i++)
		for (int j = 0; j < n && j < MAX_HOOKS; j++)
			run_hook(folder, entries[j]->d_name, helper, guest, links[i]);
}

int run_hooks(const struct config *config, enum moment moment, const struct guest *guest, const struct link *const *links, size_t count)
{
	char path[512];
	sigset_t none;
	int pipe_[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", config->hooks, folders[moment]);
	if (count == 0 || access(path, F_OK) != 0 || pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_IGN);
		/* A TAP or a connection that this process kept would stay open as long as the hooks run. */
		if (dup2(pipe_[1], 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || close_range(4, ~0u, 0) != 0)
			_exit(126);
		run_all(path, 3, guest, links, count);
		_exit(0);
	}
	close(pipe_[1]);
	if (pid < 0) {
		close(pipe_[0]);
		return -1;
	}
	return pipe_[0];
}
