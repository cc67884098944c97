#define _GNU_SOURCE
#include "script-records.h"

#include "scripts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

char script_folder[256];

static FILE *open_record(const char *id, int flags, const char *mode)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", script_folder, id);
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? NULL : fdopen(fd, mode);
}

bool record_script(const char *id, const struct file_identity *disks, size_t count)
{
	FILE *file = open_record(id, O_WRONLY | O_CREAT | O_EXCL, "w");

	if (!file)
		return false;
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%llu %llu\n", (unsigned long long)disks[i].device, (unsigned long long)disks[i].inode);
	return fclose(file) == 0;
}

void forget_script(const char *id)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", script_folder, id);
	unlink(path);
}

void clean_up_recorded_scripts(void)
{
	DIR *folder = opendir(script_folder);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		struct file_identity disks[MAX_SCRIPT_DISKS];
		unsigned long long device, inode;
		size_t count = 0;
		FILE *file = entry->d_name[0] == '.' ? NULL : open_record(entry->d_name, O_RDONLY, "r");

		if (!file)
			continue;
		while (count < MAX_SCRIPT_DISKS && fscanf(file, "%llu %llu", &device, &inode) == 2)
			disks[count++] = (struct file_identity){ .device = device, .inode = inode };
		fclose(file);
		release_loops(disks, count);
		forget_script(entry->d_name);
	}
	if (folder)
		closedir(folder);
}
