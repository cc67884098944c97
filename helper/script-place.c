#define _GNU_SOURCE
#include "script-init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_RESOLVER (64 << 10)
#define OURS "/run/slipway"

/* What was opened outside, as mounts that are nowhere yet. */
struct given {
	int pipe, image, disks[MAX_SCRIPT_DISKS];
};

/* Where name servers are written below /run, which the script doesn't see. */
struct resolver {
	char path[PATH_MAX], text[MAX_RESOLVER];
	size_t length;
};

/* By the descriptor alone, whatever path it had: nobody can have changed what it leads to. */
static int take_tree(int fd, bool read_only, bool is_mapped)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | (read_only ? MOUNT_ATTR_RDONLY : 0) };
	int tree = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	/* Files of the agent's user are the script's user's, there and nowhere else. */
	if (is_mapped) {
		attributes.attr_set |= MOUNT_ATTR_IDMAP;
		attributes.userns_fd = MAPPING;
	}
	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) != 0)
		return -1;
	return tree;
}

static bool take_all(const struct script_order *order, bool is_mapped, struct given *given)
{
	given->pipe = order->pipe < 0 ? -1 : take_tree(PIPE, false, is_mapped);
	given->image = order->image < 0 ? -1 : take_tree(IMAGE, true, is_mapped);
	if ((order->pipe >= 0 && given->pipe < 0) || (order->image >= 0 && given->image < 0))
		return false;
	for (size_t i = 0; i < order->disk_count; i++)
		if ((given->disks[i] = take_tree(DISKS + (int)i, order->read_only, is_mapped)) < 0)
			return false;
	return true;
}

static void read_resolver(struct resolver *resolver)
{
	FILE *file;

	resolver->length = 0;
	if (!realpath("/etc/resolv.conf", resolver->path) || strncmp(resolver->path, "/run/", 5) != 0)
		return;
	file = fopen(resolver->path, "re");
	if (!file)
		return;
	resolver->length = fread(resolver->text, 1, sizeof(resolver->text), file);
	fclose(file);
}

static bool write_resolver(struct resolver *resolver)
{
	FILE *file;
	bool written;

	if (resolver->length == 0)
		return true;
	for (char *slash = strchr(resolver->path + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(resolver->path, 0755) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	file = fopen(resolver->path, "we");
	if (!file)
		return false;
	written = fwrite(resolver->text, 1, resolver->length, file) == resolver->length;
	return fclose(file) == 0 && written;
}

static bool cover(const char *path, const char *options, unsigned long flags)
{
	return mount("slipway-script", path, "tmpfs", flags, options) == 0;
}

/* Only where the path leads to the very folder of which the agent has shown that it is its own. */
static bool hide_folder(const struct script_order *order, const char *path)
{
	struct stat meant, found;
	char place[32];
	int fd;

	if (order->hide < 0)
		return true;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	errno = ENOENT;
	if (fd < 0 || fstat(HIDE, &meant) != 0 || fstat(fd, &found) != 0 || meant.st_dev != found.st_dev || meant.st_ino != found.st_ino)
		return false;
	snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
	return cover(place, "mode=755,size=4k", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY) && close(fd) == 0;
}

static bool put(int tree, const char *path)
{
	int file;

	if (tree < 0)
		return true;
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return file >= 0 && close(file) == 0 && move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0 && close(tree) == 0;
}

/* An empty /run: the host's services can't be talked to from here, and what is left there goes. */
static bool make_run(const struct script_order *order, const struct given *given, struct resolver *resolver)
{
	char path[64], options[64];

	umount2("/run", MNT_DETACH);
	if (!cover("/run", "mode=755,size=16m", MS_NOSUID | MS_NODEV | MS_NOEXEC) || mkdir("/run/lock", 01777) != 0 || mkdir(OURS, 0755) != 0 ||
	    mkdir(OURS "/os", 0755) != 0 || mkdir(OURS "/disks", 0755) != 0 || !write_resolver(resolver))
		return false;
	snprintf(options, sizeof(options), "mode=755,size=64m,nr_inodes=8192,uid=%d", 65534);
	if (!cover(OURS "/os", options, MS_NOSUID | MS_NODEV) || !put(given->pipe, OURS "/pipe.sock") || !put(given->image, OURS "/image"))
		return false;
	for (size_t i = 0; i < order->disk_count; i++) {
		snprintf(path, sizeof(path), OURS "/disks/%zu", i);
		if (!put(given->disks[i], path))
			return false;
	}
	return chmod("/run/lock", 01777) == 0;
}

/* Of this namespace's processes, and what isn't theirs to change is not to be changed by a slip. */
static bool make_proc(void)
{
	static const char *const kept[] = { "/proc/sys", "/proc/sysrq-trigger" };

	umount2("/proc", MNT_DETACH);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (access(kept[i], F_OK) == 0 &&
		    (mount(kept[i], kept[i], NULL, MS_BIND, NULL) != 0 ||
		     mount(NULL, kept[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0))
			return false;
	return true;
}

static bool make_temporary(const struct script_rules *rules)
{
	static const char *const folders[] = { "/tmp", "/var/tmp", "/dev/shm" };
	char options[64];

	snprintf(options, sizeof(options), "mode=1777,size=%um", rules->memory_mib / 2);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (access(folders[i], F_OK) == 0 && !cover(folders[i], options, 0))
			return false;
	return access("/sys/fs/cgroup", F_OK) != 0 || cover("/sys/fs/cgroup", "mode=755,size=4k", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY);
}

const char *make_script_place(const struct script_order *order, const struct script_rules *rules, bool is_mapped)
{
	static struct resolver resolver;
	char hidden[PATH_MAX] = "", place[32];
	struct given given;

	/* Before the namespace is another: mounts can be copied only out of one's own. */
	if (!take_all(order, is_mapped, &given))
		return "disks";
	read_resolver(&resolver);
	snprintf(place, sizeof(place), "/proc/self/fd/%d", HIDE);
	if (order->hide >= 0 && readlink(place, hidden, sizeof(hidden) - 1) < 0)
		return "hide";
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return "namespace";
	if (!hide_folder(order, hidden))
		return "hide";
	if (!make_run(order, &given, &resolver))
		return "run";
	if (!make_temporary(rules))
		return "temporary";
	return make_proc() ? NULL : "proc";
}
