#define _GNU_SOURCE
#include "cgroups.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "slipway-scripts"
#define CPU_PERIOD 100000 /* microseconds */
#define END_MS 2000

static const char *const controllers[] = { "memory", "pids", "cpu" };

#define CONTROLLERS (sizeof(controllers) / sizeof(*controllers))

static int base = -1;
static bool has[CONTROLLERS];
static char limits[32] = "none";

static bool write_to(int folder, const char *file, const char *text)
{
	int fd = openat(folder, file, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static bool lists(int folder, const char *file, const char *word)
{
	char text[512], *at = text, *one;
	int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	while ((one = strsep(&at, " \n")))
		if (strcmp(one, word) == 0)
			return true;
	return false;
}

/* Where the second version is mounted: by itself, or beside the first. */
static int open_top(void)
{
	char line[4096], path[1024];
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	int top = -1;

	while (mounts && top < 0 && fgets(line, sizeof(line), mounts)) {
		const char *kind = strstr(line, " - ");

		if (kind && strncmp(kind, " - cgroup2 ", 11) == 0 && sscanf(line, "%*s %*s %*s / %1023s", path) == 1)
			top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (mounts)
		fclose(mounts);
	return top;
}

/* Whatever is in the group dies at once; it is empty when its file of events says so. */
static void end_group(const char *id)
{
	int folder = openat(base, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), events;

	if (folder < 0)
		return;
	write_to(folder, "cgroup.kill", "1");
	events = openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC);
	for (int turn = 0; turn < 2 && events >= 0; turn++) {
		char text[256] = "";
		struct pollfd changed = { .fd = events, .events = POLLPRI };

		if (pread(events, text, sizeof(text) - 1, 0) > 0 && strstr(text, "populated 0"))
			break;
		poll(&changed, 1, END_MS);
	}
	if (events >= 0)
		close(events);
	close(folder);
	remove_cgroup(id);
}

static void end_old_groups(void)
{
	int copy = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			end_group(entry->d_name);
	if (folder)
		closedir(folder);
}

void prepare_cgroups(const struct script_rules *rules)
{
	int top = rules->allowed ? open_top() : -1;
	char switch_on[32];

	if (top < 0)
		return;
	if (mkdirat(top, NAME, 0755) != 0 && errno != EEXIST)
		log_fact("failed", "step", "cgroup", "why", strerror(errno), NULL);
	base = openat(top, NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (base >= 0)
		end_old_groups();
	*limits = '\0';
	for (size_t i = 0; i < CONTROLLERS && base >= 0; i++) {
		snprintf(switch_on, sizeof(switch_on), "+%s", controllers[i]);
		/* At the top a system's own manager has mostly done it. */
		if (!lists(top, "cgroup.subtree_control", controllers[i]))
			write_to(top, "cgroup.subtree_control", switch_on);
		has[i] = lists(base, "cgroup.controllers", controllers[i]) && write_to(base, "cgroup.subtree_control", switch_on);
		if (has[i])
			snprintf(limits + strlen(limits), sizeof(limits) - strlen(limits), "%s%s", *limits ? "," : "", controllers[i]);
	}
	if (!*limits)
		strcpy(limits, "none");
	close(top);
}

const char *cgroup_limits(void)
{
	return limits;
}

bool has_all_limits(void)
{
	return has[0] && has[1] && has[2];
}

static bool set_limits(int folder, const struct script_rules *rules)
{
	char memory[32], pids[32], cpu[64];

	snprintf(memory, sizeof(memory), "%lluM", (unsigned long long)rules->memory_mib);
	snprintf(pids, sizeof(pids), "%u", rules->processes);
	snprintf(cpu, sizeof(cpu), "%llu %d", (unsigned long long)rules->cpu_percent * (CPU_PERIOD / 100), CPU_PERIOD);
	if (has[0] && (!write_to(folder, "memory.max", memory) || !write_to(folder, "memory.oom.group", "1")))
		return false;
	/* What a script was given isn't to come onto a disk. Not there without swap. */
	if (has[0] && faccessat(folder, "memory.swap.max", F_OK, 0) == 0 && !write_to(folder, "memory.swap.max", "0"))
		return false;
	return (!has[1] || write_to(folder, "pids.max", pids)) && (!has[2] || write_to(folder, "cpu.max", cpu));
}

int make_cgroup(const char *id, const struct script_rules *rules)
{
	int folder;

	if (base < 0 || mkdirat(base, id, 0755) != 0)
		return -1;
	folder = openat(base, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder >= 0 && set_limits(folder, rules))
		return folder;
	if (folder >= 0)
		close(folder);
	remove_cgroup(id);
	return -1;
}

bool ran_out_of_memory(const char *id)
{
	char path[64], text[512], *at;
	unsigned long killed = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/memory.events", id);
	fd = base < 0 ? -1 : openat(base, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	at = strstr(text, "oom_kill ");
	return at && sscanf(at, "oom_kill %lu", &killed) == 1 && killed > 0;
}

void kill_cgroup(const char *id)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/cgroup.kill", id);
	if (base >= 0)
		write_to(base, path, "1");
}

void remove_cgroup(const char *id)
{
	if (base >= 0)
		unlinkat(base, id, AT_REMOVEDIR);
}
