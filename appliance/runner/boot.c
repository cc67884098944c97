#define _GNU_SOURCE
#include "boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

void mount_kernel_filesystems(void)
{
	static const char *const streams[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};
	int console;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("run", "/run", "tmpfs", 0, NULL);
	/* As on every Linux; shells use them for <(…) and >/dev/stderr. */
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++)
		if (symlink(streams[i][0], streams[i][1]) != 0)
			fprintf(stderr, "appliance: %s: %s\n", streams[i][1], strerror(errno));
	console = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
	if (console >= 0) {
		dup2(console, 0);
		dup2(console, 1);
		dup2(console, 2);
		if (console > 2)
			close(console);
	}
}

void load_modules(const char *names)
{
	FILE *list = fopen(names, "re");
	char path[512];

	while (list && fgets(path, sizeof(path), list)) {
		int module;

		path[strcspn(path, "\n")] = '\0';
		module = open(path, O_RDONLY | O_CLOEXEC);
		if (module < 0 || syscall(SYS_finit_module, module, "", 0) != 0)
			fprintf(stderr, "appliance: %s: %s\n", path, strerror(errno));
		if (module >= 0)
			close(module);
	}
	if (list)
		fclose(list);
}

const char *find_channel(void)
{
	static char name[256];
	DIR *folder = opendir("/sys/class/net");
	struct dirent *entry;
	int last = 0;

	while (folder && (entry = readdir(folder))) {
		char path[512];
		FILE *file;
		int index = 0;

		snprintf(path, sizeof(path), "/sys/class/net/%s/device", entry->d_name);
		if (access(path, F_OK) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", entry->d_name);
		file = fopen(path, "re");
		if (file && fscanf(file, "%d", &index) == 1 && index > last) {
			last = index;
			snprintf(name, sizeof(name), "%s", entry->d_name);
		}
		if (file)
			fclose(file);
	}
	if (folder)
		closedir(folder);
	return last ? name : NULL;
}
