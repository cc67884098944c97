#define _GNU_SOURCE
#include "log.h"
#include "scripts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What each descriptor has to be. An agent's user who couldn't open a file for writing gets nobody to write to it. */
enum wanted { STREAM, READABLE, WRITABLE, SOCKET, FOLDER };

static bool is(int fd, enum wanted wanted)
{
	struct stat facts;
	int flags = fcntl(fd, F_GETFL), access = flags & O_ACCMODE;
	bool opened = flags >= 0 && (flags & O_PATH) == 0;

	if (flags < 0 || fstat(fd, &facts) != 0)
		return false;
	switch (wanted) {
	case STREAM:
		return opened && (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode) || S_ISCHR(facts.st_mode));
	case READABLE:
		return opened && S_ISREG(facts.st_mode) && access != O_WRONLY;
	case WRITABLE:
		return opened && (S_ISREG(facts.st_mode) || S_ISBLK(facts.st_mode)) && access == O_RDWR;
	case SOCKET:
		return S_ISSOCK(facts.st_mode) && facts.st_uid == configuration->agent_uid;
	case FOLDER:
		return S_ISDIR(facts.st_mode) && facts.st_uid == configuration->agent_uid;
	}
	return false;
}

static bool read_flag(const struct request *request, const char *key, bool *flag)
{
	const char *value = value_of(&request->words, key);

	*flag = value && strcmp(value, "yes") == 0;
	return !value || *flag || strcmp(value, "no") == 0;
}

struct flags {
	bool read_only, pipe, image, hide;
};

static const char *read_keys(const struct request *request, struct script_order *order, struct flags *flags)
{
	static const char *const names[] = { "create", "import", "export", "rename", "verify" };
	const char *name = value_of(&request->words, "name"), *seconds = value_of(&request->words, "seconds"), *disks = value_of(&request->words, "disks");
	uint32_t count = 0;

	for (size_t i = 0; name && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			strcpy(order->name, name);
	if (!*order->name)
		return "name: missing or none of create, import, export, rename and verify";
	order->seconds = configuration->scripts.seconds;
	if (seconds && !read_number(seconds, 1, 604800, &order->seconds))
		return "seconds: not a number from 1 to 604800";
	if (order->seconds > configuration->scripts.seconds)
		order->seconds = configuration->scripts.seconds;
	if (!disks || !read_number(disks, 0, MAX_SCRIPT_DISKS, &count))
		return "disks: missing or not a number from 0 to 16";
	order->disk_count = count;
	if (!read_flag(request, "readonly", &flags->read_only) || !read_flag(request, "pipe", &flags->pipe) ||
	    !read_flag(request, "image", &flags->image) || !read_flag(request, "hide", &flags->hide))
		return "readonly, pipe, image or hide: neither yes nor no";
	order->read_only = flags->read_only;
	return NULL;
}

static const char *take_descriptors(const struct peer *peer, struct script_order *order, const struct flags *flags)
{
	const int *fd = peer->descriptors;

	if (peer->descriptor_count != 5u + flags->pipe + flags->image + flags->hide + order->disk_count)
		return "not as many descriptors came as the request names";
	for (size_t i = 0; i < 3; i++)
		order->streams[i] = *fd++;
	order->environment = *fd++;
	order->definition = *fd++;
	order->pipe = flags->pipe ? *fd++ : -1;
	order->image = flags->image ? *fd++ : -1;
	order->hide = flags->hide ? *fd++ : -1;
	for (size_t i = 0; i < order->disk_count; i++)
		order->disks[i] = *fd++;
	for (size_t i = 0; i < 3; i++)
		if (!is(order->streams[i], STREAM))
			return "a standard stream is neither a pipe nor a socket nor a device of characters";
	if (!is(order->environment, STREAM))
		return "the environment isn't a pipe";
	if (!is(order->definition, READABLE))
		return "the definition isn't a file opened for reading";
	if (flags->pipe && !is(order->pipe, SOCKET))
		return "pipe: not a socket of the agent's";
	if (flags->image && !is(order->image, READABLE))
		return "image: not a file opened for reading";
	if (flags->hide && !is(order->hide, FOLDER))
		return "hide: not a folder of the agent's";
	for (size_t i = 0; i < order->disk_count; i++)
		if (!is(order->disks[i], order->read_only ? READABLE : WRITABLE))
			return "a disk isn't a file opened as asked for";
	return NULL;
}

void answer_script(struct request *request)
{
	struct script_order order = { .name = "" };
	struct flags flags = { .read_only = false };
	const char *why = why_no_scripts();

	if (why) {
		refuse(request, "not_allowed", why);
		return;
	}
	/* The agent's own connection has no end that would be a script's. */
	why = request->peer->agent || request->peer->runs ? "a script has a connection of its own" : read_keys(request, &order, &flags);
	if (!why)
		why = take_descriptors(request->peer, &order, &flags);
	if (why)
		refuse(request, "invalid", why);
	else
		start_script(request, &order);
}

void answer_end(struct request *request)
{
	if (end_script_of(request->peer->id))
		say(request->peer, "%lu ok", request->number);
	else
		refuse(request, "unknown", "no script runs on this connection");
}
