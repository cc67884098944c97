#define _GNU_SOURCE
#include "loops.h"

#include "log.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_DEPTH 4 /* of tables on each other */

/* A table of device-mapper, by the number of its device; one that is still open goes when it is closed. */
static void remove_table(const char *name)
{
	struct dm_ioctl request = { .version = { DM_VERSION_MAJOR, 0, 0 }, .data_size = sizeof(request), .flags = DM_DEFERRED_REMOVE };
	unsigned major, minor;
	char path[300];
	FILE *file;
	int control;

	snprintf(path, sizeof(path), "/sys/block/%s/dev", name);
	file = fopen(path, "re");
	if (file && fscanf(file, "%u:%u", &major, &minor) == 2)
		request.dev = makedev(major, minor);
	if (file)
		fclose(file);
	control = request.dev ? open("/dev/mapper/control", O_RDWR | O_CLOEXEC) : -1;
	if (control >= 0 && ioctl(control, DM_DEV_REMOVE, &request) == 0)
		log_fact("released", "device", name, NULL);
	if (control >= 0)
		close(control);
}

/* What kpartx and its like have put on a device, from the top. */
static void remove_holders(const char *name, int depth)
{
	const struct dirent *entry;
	char path[300];
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/block/%s/holders", name);
	folder = depth < MAX_DEPTH ? opendir(path) : NULL;
	while (folder && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, "dm-", 3) != 0)
			continue;
		remove_holders(entry->d_name, depth + 1);
		remove_table(entry->d_name);
	}
	if (folder)
		closedir(folder);
}

static bool is_one_of(const struct loop_info64 *info, const struct file_identity *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (info->lo_device == files[i].device && info->lo_inode == files[i].inode)
			return true;
	return false;
}

static void release_one(const char *name, const struct file_identity *files, size_t count)
{
	char path[300];
	struct loop_info64 info;
	int fd;

	/* Only one that has a file is opened: to open others would make them. */
	snprintf(path, sizeof(path), "/sys/block/%s/loop/backing_file", name);
	if (access(path, F_OK) != 0)
		return;
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && is_one_of(&info, files, count)) {
		remove_holders(name, 0);
		if (ioctl(fd, LOOP_CLR_FD, 0) == 0)
			log_fact("released", "device", name, NULL);
	}
	close(fd);
}

void release_loops(const struct file_identity *files, size_t count)
{
	DIR *folder = count == 0 ? NULL : opendir("/sys/block");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strncmp(entry->d_name, "loop", 4) == 0)
			release_one(entry->d_name, files, count);
	if (folder)
		closedir(folder);
}
