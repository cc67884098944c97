#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINE 1024

typedef const char *(*setter)(struct config *config, char *value);

static const char *set_agent_user(struct config *config, char *value)
{
	const struct passwd *user;

	if (strlen(value) >= sizeof(config->agent_user))
		return "the name is too long";
	user = getpwnam(value);
	if (!user)
		return "no such user on this host";
	strcpy(config->agent_user, value);
	config->agent_uid = user->pw_uid;
	config->agent_gid = user->pw_gid;
	return NULL;
}

static const char *set_bridges(struct config *config, char *value)
{
	char *at = value, *one;

	while (*value != '\0' && (one = strsep(&at, ",")) != NULL) {
		if (config->bridge_count == MAX_BRIDGES)
			return "more than 32 bridges";
		if (!read_link(one, config->bridges[config->bridge_count++]))
			return "not a name of a bridge";
	}
	return NULL;
}

static const char *set_routed(struct config *config, char *value)
{
	char *at = value, *one;

	while (*value != '\0' && (one = strsep(&at, ",")) != NULL) {
		if (config->routed_count == MAX_ROUTED)
			return "more than 32 networks";
		if (!read_prefix(one, &config->routed[config->routed_count++]))
			return "not a network such as 192.0.2.0/24 or 2001:db8::/64";
	}
	return NULL;
}

static const char *set_networks(struct config *config, char *value)
{
	char *at = value, *one;

	if (strlen(value) >= sizeof(config->channel_networks))
		return "too long";
	strcpy(config->channel_networks, value);
	while ((one = strsep(&at, ",")) != NULL) {
		if (config->network_count == MAX_NETWORKS)
			return "more than 8 networks";
		if (!read_network(one, &config->networks[config->network_count++]))
			return "not an IPv4 network such as 169.254.0.0/16";
	}
	return NULL;
}

static const char *set_services(struct config *config, char *value)
{
	char *at = value, *one;

	while (*value != '\0' && (one = strsep(&at, ",")) != NULL) {
		struct service *service = &config->services[config->service_count];

		if (config->service_count++ == MAX_SERVICES)
			return "more than 32 services";
		if (!read_service(one, &service->udp, &service->port))
			return "not a service such as tcp:80 or udp:53";
	}
	return NULL;
}

static const char *set_hooks(struct config *config, char *value)
{
	if (value[0] != '/' || strlen(value) >= sizeof(config->hooks))
		return "not an absolute path";
	strcpy(config->hooks, value);
	return NULL;
}

static const char *set_scripts(struct config *config, char *value)
{
	config->scripts.allowed = strcmp(value, "yes") == 0;
	return config->scripts.allowed || strcmp(value, "no") == 0 ? NULL : "neither yes nor no";
}

static const char *set_script_user(struct config *config, char *value)
{
	const struct passwd *user = getpwnam(value);
	struct script_rules *rules = &config->scripts;

	if (!user)
		return "no such user on this host";
	rules->uid = user->pw_uid;
	rules->gid = user->pw_gid;
	rules->group_count = MAX_GROUPS;
	if (getgrouplist(value, rules->gid, rules->groups, &rules->group_count) < 0)
		return "a user of more than 32 groups";
	return NULL;
}

static const char *set_script_limits(struct config *config, char *value)
{
	config->scripts.needs_limits = strcmp(value, "required") == 0;
	return config->scripts.needs_limits || strcmp(value, "optional") == 0 ? NULL : "neither required nor optional";
}

static const char *set_script_memory(struct config *config, char *value)
{
	return read_number(value, 64, 1 << 20, &config->scripts.memory_mib) ? NULL : "not a number of MiB from 64 to 1048576";
}

static const char *set_script_processes(struct config *config, char *value)
{
	return read_number(value, 16, 32768, &config->scripts.processes) ? NULL : "not a number from 16 to 32768";
}

static const char *set_script_cpu(struct config *config, char *value)
{
	return read_number(value, 1, 100000, &config->scripts.cpu_percent) ? NULL : "not a number of percent from 1 to 100000";
}

static const char *set_script_seconds(struct config *config, char *value)
{
	return read_number(value, 1, 604800, &config->scripts.seconds) ? NULL : "not a number of seconds from 1 to 604800";
}

static const struct {
	const char *key;
	setter set;
	const char *otherwise; /* NULL: the key must stand in the file */
} keys[] = {
	{ "agent_user", set_agent_user, NULL },
	{ "bridges", set_bridges, "" },
	{ "routed_networks", set_routed, "" },
	{ "channel_networks", set_networks, "169.254.0.0/16" },
	{ "open_services", set_services, "tcp:80" },
	{ "hooks", set_hooks, "/etc/slipway" },
	{ "host_scripts", set_scripts, "no" },
	{ "script_user", set_script_user, "root" },
	{ "script_limits", set_script_limits, "required" },
	{ "script_memory_mib", set_script_memory, "2048" },
	{ "script_processes", set_script_processes, "512" },
	{ "script_cpu_percent", set_script_cpu, "200" },
	{ "script_seconds", set_script_seconds, "86400" },
};

#define KEYS (sizeof(keys) / sizeof(*keys))

static bool complain(const char *path, const char *key, const char *why)
{
	fprintf(stderr, "slipway-helper: %s: %s%s%s\n", path, key, *key ? ": " : "", why);
	return false;
}

static bool read_line(const char *path, char *line, bool *seen, struct config *config)
{
	char *value = strchr(line, '='), copy[MAX_LINE];
	const char *why;

	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (!value)
		return complain(path, line, "a key without a value");
	*value++ = '\0';
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].key, line) != 0)
			continue;
		if (seen[i])
			return complain(path, line, "stands twice");
		seen[i] = true;
		strcpy(copy, value);
		why = keys[i].set(config, copy);
		return why ? complain(path, line, why) : true;
	}
	return complain(path, line, "unknown key");
}

static bool read_lines(const char *path, FILE *file, struct config *config)
{
	bool seen[KEYS] = { false };
	char line[MAX_LINE];

	while (fgets(line, sizeof(line), file)) {
		size_t length = strcspn(line, "\n");

		if (line[length] != '\n' && !feof(file))
			return complain(path, "", "a line is too long");
		line[length] = '\0';
		if (!read_line(path, line, seen, config))
			return false;
	}
	for (size_t i = 0; i < KEYS; i++) {
		if (seen[i])
			continue;
		if (!keys[i].otherwise)
			return complain(path, keys[i].key, "must be set");
		strcpy(line, keys[i].otherwise);
		keys[i].set(config, line);
	}
	return true;
}

bool read_config(const char *path, struct config *config)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	FILE *file;
	bool fine;

	memset(config, 0, sizeof(*config));
	if (fd < 0)
		return complain(path, "", strerror(errno));
	/* Whoever can write this file can have the network of the host. */
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) != 0) {
		close(fd);
		return complain(path, "", "must be a file that belongs to root and that nobody else can write");
	}
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return complain(path, "", strerror(errno));
	}
	fine = read_lines(path, file, config);
	fclose(file);
	return fine;
}
