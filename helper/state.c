/* The state: a file a guest in a folder that is root's alone, a line a link, in the words of the protocol. */
#define _GNU_SOURCE
#include "guests.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char state_folder[256];

static const char *const kinds[] = { "channel", "bridged", "routed" };

static void write_pair(FILE *file, const char *key, const char *value)
{
	if (*value)
		fprintf(file, " %s=%s", key, value);
}

static void write_link(FILE *file, size_t place, const struct link *link)
{
	fprintf(file, "%s index=%zu name=%s mac=%s", kinds[link->kind], place, link->name, link->mac);
	write_pair(file, "ip", link->ip);
	write_pair(file, "ip6", link->ip6);
	write_pair(file, "ip6net", link->ip6net);
	write_pair(file, "gateway", link->gateway);
	write_pair(file, "gateway6", link->gateway6);
	write_pair(file, "link", link->via);
	for (size_t i = 0; i < link->opened_count; i++)
		fprintf(file, " open%zu=%s:%u", i, link->opened[i].udp ? "udp" : "tcp", link->opened[i].port);
	fputc('\n', file);
}

bool save_guest(const struct guest *guest)
{
	char path[512], fresh[512];
	FILE *file;
	bool fine;

	snprintf(path, sizeof(path), "%s/%s", state_folder, guest->key);
	/* A dot can't stand in a guest's name. */
	snprintf(fresh, sizeof(fresh), "%s/.%s", state_folder, guest->key);
	file = fopen(fresh, "we");
	if (file) {
		for (size_t i = 0; i < LINKS; i++)
			if (guest->links[i].there)
				write_link(file, i, &guest->links[i]);
		fine = fflush(file) == 0 && !ferror(file);
		fclose(file);
		if (fine && rename(fresh, path) == 0)
			return true;
	}
	log_fact("failed", "step", "state", "guest", guest->key, "why", strerror(errno), NULL);
	return false;
}

static bool read_optional(const struct words *words, const char *key, bool (*read)(const char *, char *), char *out)
{
	const char *value = value_of(words, key);

	return !value || read(value, out);
}

static void read_opened(const struct words *words, struct link *link)
{
	char key[16];

	for (size_t i = 0; i < MAX_OPENED; i++) {
		const char *value;

		snprintf(key, sizeof(key), "open%zu", i);
		value = value_of(words, key);
		if (!value || !read_service(value, &link->opened[i].udp, &link->opened[i].port))
			return;
		link->opened_count = i + 1;
	}
}

static bool read_saved_link(char *line, struct guest *guest)
{
	struct words words;
	struct link link = { .there = true };
	const char *index, *name, *mac;
	uint32_t place;

	if (parse_words(line, &words))
		return false;
	while (strcmp(words.verb, kinds[link.kind]) != 0)
		if (++link.kind > KIND_ROUTED)
			return false;
	index = value_of(&words, "index");
	name = value_of(&words, "name");
	mac = value_of(&words, "mac");
	if (!index || !name || !mac || !read_number(index, 0, CHANNEL, &place) || !read_link(name, link.name) || !read_mac(mac, link.mac))
		return false;
	if ((place == CHANNEL) != (link.kind == KIND_CHANNEL))
		return false;
	if (!read_optional(&words, "ip", read_ipv4, link.ip) || !read_optional(&words, "ip6", read_ipv6, link.ip6) ||
	    !read_optional(&words, "gateway", read_ipv4, link.gateway) || !read_optional(&words, "gateway6", read_router6, link.gateway6) ||
	    !read_optional(&words, "ip6net", read_network6, link.ip6net) ||
	    !read_optional(&words, "link", read_link, link.via))
		return false;
	read_opened(&words, &link);
	guest->links[place] = link;
	return true;
}

static bool load_guest(const char *key)
{
	char path[512], line[1024];
	struct guest *guest;
	bool fine = true;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", state_folder, key);
	file = fopen(path, "re");
	guest = file ? add_guest(key) : NULL;
	if (!guest) {
		if (file)
			fclose(file);
		return false;
	}
	while (fine && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		fine = read_saved_link(line, guest);
	}
	fclose(file);
	if (!fine)
		forget_guest(guest);
	return fine;
}

bool load_guests(void)
{
	DIR *folder = opendir(state_folder);
	struct dirent *entry;
	bool fine = true;

	while (folder && (entry = readdir(folder))) {
		char key[MAX_KEY + 1];

		if (entry->d_name[0] == '.') {
			/* What a process that died was writing. */
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				unlinkat(dirfd(folder), entry->d_name, 0);
			continue;
		}
		if (!read_guest(entry->d_name, key) || !load_guest(key)) {
			log_fact("failed", "step", "state", "file", entry->d_name, "why", "not readable as a guest; left alone", NULL);
			fine = false;
		}
	}
	if (folder)
		closedir(folder);
	return folder && fine;
}
