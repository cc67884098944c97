#define _GNU_SOURCE
#include "scripts.h"

#include "cgroups.h"
#include "log.h"
#include "script-init.h"
#include "script-records.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MS 2000

struct script {
	pid_t pid; /* 0: free */
	int pidfd;
	int report; /* -1: closed, the program runs or has failed */
	unsigned long long peer;
	unsigned long number;
	char id[40], name[MAX_SCRIPT_NAME + 1];
	char problem[160];
	size_t problem_length;
	const char *why; /* it was ended; NULL: it ends by itself */
	long long due;
	size_t disk_count;
	struct file_identity disks[MAX_SCRIPT_DISKS];
};

static struct script scripts[MAX_SCRIPTS];
static const struct script_rules *rules;
static int monitor_ended = -1, mapping = -1;
static bool lacks_mapping;

void prepare_scripts(const struct config *config, pid_t monitor)
{
	rules = &config->scripts;
	monitor_ended = pidfd_open(monitor, 0);
	if (monitor_ended >= 0 && getppid() != monitor) {
		close(monitor_ended);
		monitor_ended = -1;
	}
	if (rules->allowed && rules->uid != 0 && rules->uid != config->agent_uid)
		lacks_mapping = (mapping = make_mapping(config)) < 0;
	prepare_cgroups(rules);
	clean_up_recorded_scripts();
}

const char *why_no_scripts(void)
{
	if (!rules->allowed)
		return "host_scripts isn't yes in the administrator's file";
	if (rules->needs_limits && !has_all_limits())
		return "this host's control groups, version 2, can't limit memory, pids and cpu, and script_limits isn't optional";
	if (lacks_mapping)
		return "this host's kernel can't show the agent's files to script_user";
	return monitor_ended < 0 ? "the helper's monitor is gone" : NULL;
}

static struct script *script_of(unsigned long long peer)
{
	for (size_t i = 0; i < MAX_SCRIPTS; i++)
		if (scripts[i].pid != 0 && scripts[i].peer == peer)
			return &scripts[i];
	return NULL;
}

static void kill_script(struct script *script, const char *why)
{
	if (script->why)
		return;
	script->why = why;
	/* The first process of the namespace: the kernel kills everything else in there before that one is gone. */
	pidfd_send_signal(script->pidfd, SIGKILL, NULL, 0);
	kill_cgroup(script->id);
}

static void finish(struct script *script, int status)
{
	struct peer *peer = find_peer(script->peer);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	char text[16];

	if (!script->why && WIFSIGNALED(status) && ran_out_of_memory(script->id))
		script->why = "memory";
	release_loops(script->disks, script->disk_count);
	remove_cgroup(script->id);
	forget_script(script->id);
	close(script->pidfd);
	snprintf(text, sizeof(text), "%d", code);
	log_fact("script ended", "id", script->id, "script", script->name, "status", text, "why", script->why ? script->why : "exit", NULL);
	if (peer) {
		peer->runs = false;
		/* One that hasn't begun has been answered with an error. */
		if (script->problem_length == 0)
			say(peer, "0 ended status=%d why=%s", code, script->why ? script->why : "exit");
	}
	script->pid = 0;
}

/* What it has to say of its start: nothing where the program runs. */
static void read_report(struct script *script)
{
	struct peer *peer = find_peer(script->peer);
	ssize_t n;

	do {
		size_t room = sizeof(script->problem) - 1 - script->problem_length;
		char rest[64];

		n = room > 0 ? read(script->report, script->problem + script->problem_length, room) : read(script->report, rest, sizeof(rest));
		if (n > 0 && room > 0)
			script->problem_length += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 && errno == EAGAIN)
		return;
	close(script->report);
	script->report = -1;
	if (script->problem_length == 0 && script->why)
		script->problem_length = (size_t)snprintf(script->problem, sizeof(script->problem), "ended before it began: %s", script->why);
	script->problem[script->problem_length] = '\0';
	if (script->problem_length > 0)
		log_fact("failed", "step", "script", "id", script->id, "why", script->problem, NULL);
	if (peer && script->problem_length > 0)
		say(peer, "%lu error failed %s", script->number, script->problem);
	else if (peer)
		say(peer, "%lu ok", script->number);
}

static void read_identities(struct script *script, const struct script_order *order)
{
	struct stat facts;

	for (size_t i = 0; i < order->disk_count; i++)
		if (fstat(order->disks[i], &facts) == 0)
			script->disks[script->disk_count++] = (struct file_identity){ .device = facts.st_dev, .inode = facts.st_ino };
}

static pid_t clone_init(struct script *script, const struct script_order *order, int report)
{
	int cgroup = make_cgroup(script->id, rules), worker = pidfd_open(getpid(), 0);
	struct clone_args how = { .flags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD, .exit_signal = SIGCHLD };
	pid_t pid = -1;

	how.pidfd = (unsigned long long)(uintptr_t)&script->pidfd;
	if (cgroup >= 0) {
		how.flags |= CLONE_INTO_CGROUP | CLONE_NEWCGROUP;
		how.cgroup = (unsigned long long)cgroup;
	}
	/* Where it is to have limits, it isn't run without its group. */
	if (worker >= 0 && (cgroup >= 0 || !rules->needs_limits))
		pid = (pid_t)syscall(SYS_clone3, &how, sizeof(how));
	if (pid == 0)
		run_script_init(order, rules, report, worker, mapping);
	if (cgroup >= 0)
		close(cgroup);
	if (worker >= 0)
		close(worker);
	return pid;
}

bool start_script(const struct request *request, const struct script_order *order)
{
	static unsigned long long last;
	struct script *script = NULL;
	int report[2];

	for (size_t i = 0; i < MAX_SCRIPTS && !script; i++)
		if (scripts[i].pid == 0)
			script = &scripts[i];
	if (!script)
		return refuse(request, "taken", "16 scripts run on this host");
	*script = (struct script){ .peer = request->peer->id, .number = request->number, .due = now_ms() + (long long)order->seconds * 1000 };
	strcpy(script->name, order->name);
	snprintf(script->id, sizeof(script->id), "%d-%llu", getpid(), ++last);
	read_identities(script, order);
	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0)
		return refuse(request, "failed", "no pipe");
	script->report = report[0];
	if (record_script(script->id, script->disks, script->disk_count))
		script->pid = clone_init(script, order, report[1]);
	close(report[1]);
	if (script->pid <= 0) {
		script->pid = 0;
		close(report[0]);
		remove_cgroup(script->id);
		forget_script(script->id);
		return refuse(request, "failed", "the script's namespaces can't be made");
	}
	request->peer->runs = true;
	log_fact("script", "id", script->id, "script", script->name, "limits", cgroup_limits(), NULL);
	return true;
}

bool end_script_of(unsigned long long peer)
{
	struct script *script = script_of(peer);

	if (script)
		kill_script(script, "asked");
	return script != NULL;
}

size_t poll_scripts(struct pollfd *polls)
{
	size_t count = 0;

	/* First the monitor: a worker without one is ended by the next helper, which scripts wouldn't outlive. */
	polls[count++] = (struct pollfd){ .fd = monitor_ended, .events = POLLIN };
	for (size_t i = 0; i < MAX_SCRIPTS; i++)
		polls[count++] = (struct pollfd){ .fd = scripts[i].pid != 0 ? scripts[i].report : -1, .events = POLLIN };
	return count;
}

void tend_scripts(const struct pollfd *polls, size_t count)
{
	if (polls[0].revents) {
		close(monitor_ended);
		monitor_ended = -1;
		for (size_t i = 0; i < MAX_SCRIPTS; i++)
			if (scripts[i].pid != 0)
				kill_script(&scripts[i], "helper");
	}
	for (size_t i = 1; i < count; i++)
		if (polls[i].revents && scripts[i - 1].pid != 0 && scripts[i - 1].report >= 0)
			read_report(&scripts[i - 1]);
}

void script_ended(pid_t pid, int status)
{
	for (size_t i = 0; i < MAX_SCRIPTS; i++) {
		if (scripts[i].pid != pid)
			continue;
		/* Whoever asked hears first whether it began. */
		if (scripts[i].report >= 0)
			read_report(&scripts[i]);
		finish(&scripts[i], status);
	}
}

long long end_late_scripts(void)
{
	long long now = now_ms(), next = -1;

	for (size_t i = 0; i < MAX_SCRIPTS; i++) {
		long long left = scripts[i].due - now;

		if (scripts[i].pid == 0 || scripts[i].why)
			continue;
		if (left <= 0)
			kill_script(&scripts[i], "time");
		else if (next < 0 || left < next)
			next = left;
	}
	return next;
}

void end_all_scripts(void)
{
	for (size_t i = 0; i < MAX_SCRIPTS; i++)
		if (scripts[i].pid != 0)
			kill_script(&scripts[i], "helper");
	for (size_t i = 0; i < MAX_SCRIPTS; i++) {
		struct pollfd ended = { .fd = scripts[i].pidfd, .events = POLLIN };
		int status;

		if (scripts[i].pid != 0 && poll(&ended, 1, END_MS) == 1 && waitpid(scripts[i].pid, &status, WNOHANG) == scripts[i].pid)
			finish(&scripts[i], status);
	}
}
