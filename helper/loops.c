#define _GNU_SOURCE
#include "loops.h"

#include "log.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
	if (ioctl(fd, LOOP_GET_STATUS64, &info) == 0)
		for (size_t i = 0; i < count; i++)
			if (info.lo_device == files[i].device && info.lo_inode == files[i].inode && ioctl(fd, LOOP_CLR_FD, 0) == 0)
				log_fact("released", "device", name, NULL);
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
