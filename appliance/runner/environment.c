#define _GNU_SOURCE
#include "environment.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VARIABLES 4096

struct environment {
	char *variables[MAX_VARIABLES + 1];
	int count;
};

static bool has(const struct environment *e, const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < e->count; i++)
		if (strncmp(e->variables[i], name, length) == 0 && e->variables[i][length] == '=')
			return true;
	return false;
}

/* One variable, whose name is given as a format. Values are never formatted, quoted or looked into. */
__attribute__((format(printf, 3, 4)))
static void put(struct environment *e, const char *value, const char *format, ...)
{
	char *name, *variable;
	va_list arguments;
	int length;

	if (!value)
		return;
	va_start(arguments, format);
	length = vasprintf(&name, format, arguments);
	va_end(arguments);
	if (length < 0 || e->count == MAX_VARIABLES || asprintf(&variable, "%s=%s", name, value) < 0)
		abort();
	free(name);
	e->variables[e->count++] = variable;
}

/* A scalar as Ganeti prints it, which is as Python does. NULL for a missing one. */
static const char *as_python(const struct json *value)
{
	if (!value)
		return NULL;
	switch (value->type) {
	case JSON_NULL: return "None";
	case JSON_TRUE: return "True";
	case JSON_FALSE: return "False";
	default: return value->text;
	}
}

/* A number or string that may be missing or null. */
static const char *plain(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);

	return value && (value->type == JSON_NUMBER || value->type == JSON_STRING) ? value->text : NULL;
}

void add_variable(char ***environment, const char *name, const char *value)
{
	int count = 0;

	while ((*environment)[count])
		count++;
	*environment = realloc(*environment, (size_t)(count + 2) * sizeof(char *));
	if (!*environment || asprintf(&(*environment)[count], "%s=%s", name, value) < 0)
		abort();
	(*environment)[count + 1] = NULL;
}

static const char *upper(const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		abort();
	for (char *c = copy; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return copy;
}

char *find_disk(const char *sysfs, const char *serial)
{
	DIR *folder = opendir(sysfs);
	struct dirent *entry;
	char *found = NULL;

	while (folder && !found && (entry = readdir(folder))) {
		char path[512], text[64] = "";
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/serial", sysfs, entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(text, sizeof(text), file)) {
			text[strcspn(text, "\n")] = '\0';
			if (strcmp(text, serial) == 0 && asprintf(&found, "/dev/%s", entry->d_name) < 0)
				abort();
		}
		fclose(file);
	}
	if (folder)
		closedir(folder);
	return found;
}

static const char *put_disks(struct environment *e, const struct json *instance, const char *sysfs)
{
	const struct json *disks = json_member(instance, "disks");
	const char *frontend = json_string(json_member(instance, "hv"), "disk_type");
	char number[16];
	int i = 0;

	for (const struct json *disk = disks ? disks->first : NULL; disk; disk = disk->next, i++) {
		const char *serial = json_string(disk, "serial");
		const char *path = serial ? find_disk(sysfs, serial) : NULL;

		if (!path)
			return "a disk that the metadata name isn't attached";
		put(e, path, "DISK_%d_PATH", i);
		put(e, json_string(disk, "access"), "DISK_%d_ACCESS", i);
		put(e, plain(disk, "sizeMiB"), "DISK_%d_SIZE", i);
		put(e, json_string(disk, "name"), "DISK_%d_NAME", i);
		put(e, json_string(disk, "uuid"), "DISK_%d_UUID", i);
		put(e, frontend ? frontend : "paravirtual", "DISK_%d_FRONTEND_TYPE", i);
		put(e, "block", "DISK_%d_BACKEND_TYPE", i);
	}
	snprintf(number, sizeof(number), "%d", i);
	put(e, number, "DISK_COUNT");
	return NULL;
}

/* The strings of an array as one text, which the caller frees; empty for a missing one. */
static char *join(const struct json *array, const char *between)
{
	char *text = strdup("");

	for (const struct json *item = array ? array->first : NULL; item && text; item = item->next) {
		char *longer;

		if (asprintf(&longer, "%s%s%s", text, *text ? between : "", item->text) < 0)
			abort();
		free(text);
		text = longer;
	}
	if (!text)
		abort();
	return text;
}

/* Names and values as Ganeti's, but for the name servers, which its networks don't have. Nothing that the network lacks is there. */
static void put_network(struct environment *e, const struct json *nic, int i)
{
	char *dns = join(json_member(nic, "dns"), " ");

	put(e, json_string(nic, "network"), "NIC_%d_NETWORK_NAME", i);
	put(e, json_string(nic, "subnet"), "NIC_%d_NETWORK_SUBNET", i);
	put(e, json_string(nic, "gateway"), "NIC_%d_NETWORK_GATEWAY", i);
	put(e, json_string(nic, "subnet6"), "NIC_%d_NETWORK_SUBNET6", i);
	put(e, json_string(nic, "gateway6"), "NIC_%d_NETWORK_GATEWAY6", i);
	put(e, *dns ? dns : NULL, "NIC_%d_NETWORK_DNS", i);
	free(dns);
}

static void put_nics(struct environment *e, const struct json *instance)
{
	const struct json *nics = json_member(instance, "nics");
	const char *frontend = json_string(json_member(instance, "hv"), "nic_type");
	char number[16];
	int i = 0;

	for (const struct json *nic = nics ? nics->first : NULL; nic; nic = nic->next, i++) {
		const char *mode = json_string(nic, "mode"), *link = json_string(nic, "link");
		const char *bridge = json_string(nic, "bridge");

		put(e, json_string(nic, "mac"), "NIC_%d_MAC", i);
		put(e, json_string(nic, "uuid"), "NIC_%d_UUID", i);
		put(e, json_string(nic, "name"), "NIC_%d_NAME", i);
		put(e, json_string(nic, "ip"), "NIC_%d_IP", i);
		put(e, mode, "NIC_%d_MODE", i);
		put(e, link, "NIC_%d_LINK", i);
		if (mode && strcmp(mode, "bridged") == 0)
			put(e, bridge ? bridge : link, "NIC_%d_BRIDGE", i);
		put_network(e, nic, i);
		put(e, frontend ? frontend : "paravirtual", "NIC_%d_FRONTEND_TYPE", i);
	}
	snprintf(number, sizeof(number), "%d", i);
	put(e, number, "NIC_COUNT");
}

static void put_tags(struct environment *e, const struct json *tags)
{
	char *text = join(tags, " ");

	put(e, text, "INSTANCE_TAGS");
	free(text);
}

/* Ours, one a line; not there without any. */
static void put_ssh_keys(struct environment *e, const struct json *keys)
{
	char *text = join(keys, "\n");

	put(e, *text ? text : NULL, "SLIPWAY_SSH_KEYS");
	free(text);
}

static const char *put_parameters(struct environment *e, const struct json *parameters)
{
	if (!parameters || parameters->type != JSON_OBJECT)
		return "os/parameters.json isn't an object";
	for (const struct json *parameter = parameters->first; parameter; parameter = parameter->next) {
		const struct json *value = parameter->first;

		if (parameter->type != JSON_ARRAY || !value || value->type != JSON_STRING)
			return "os/parameters.json has a parameter that isn't [value, visibility]";
		if (!*parameter->name || strchr(parameter->name, '='))
			return "os/parameters.json has a parameter whose name can't be that of a variable";
		put(e, value->text, "OSP_%s", upper(parameter->name));
	}
	return NULL;
}

static char **finished(const struct environment *e)
{
	char **variables = calloc((size_t)e->count + 1, sizeof(char *));

	if (!variables)
		abort();
	memcpy(variables, e->variables, (size_t)e->count * sizeof(char *));
	return variables;
}

char **build_own_environment(const struct json *metadata, const char *sysfs, const char **problem)
{
	struct environment *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	put(e, "/usr/sbin:/usr/bin:/sbin:/bin", "PATH");
	*problem = put_disks(e, json_member(metadata, "instance"), sysfs);
	if (!*problem && !has(e, "DISK_0_PATH"))
		*problem = "the instance's first disk isn't attached";
	return *problem ? NULL : finished(e);
}

char **build_environment(const struct json *metadata, const struct json *parameters, const char *sysfs,
			 const char **problem)
{
	struct environment *e = calloc(1, sizeof(*e));
	const struct json *instance = json_member(metadata, "instance"), *os = json_member(metadata, "os");
	const struct json *be = json_member(instance, "be"), *hv = json_member(instance, "hv");
	const char *name = json_string(os, "name"), *variant = json_string(os, "variant");
	const char *operation = json_string(metadata, "operation"), *image = json_string(os, "imageSerial");
	const char *use = json_string(os, "imageUse");

	*problem = "meta_data.json lacks instance.name, os.name or operation";
	if (!e || !json_string(instance, "name") || !name || !operation)
		return NULL;
	put(e, "/sbin:/bin:/usr/sbin:/usr/bin", "PATH");
	put(e, "20", "OS_API_VERSION");
	put(e, "0", "DEBUG_LEVEL");
	put(e, name, "OS_NAME");
	put(e, variant ? variant : "", "OS_VARIANT");
	if (variant && *variant) {
		char *full;

		if (asprintf(&full, "%s+%s", name, variant) < 0)
			abort();
		put(e, full, "INSTANCE_OS");
	} else {
		put(e, name, "INSTANCE_OS");
	}
	put(e, json_string(instance, "name"), "INSTANCE_NAME");
	put(e, json_string(instance, "uuid"), "INSTANCE_UUID");
	put(e, json_string(instance, "primaryNode"), "INSTANCE_PRIMARY_NODE");
	put(e, "", "INSTANCE_SECONDARY_NODES");
	put(e, json_string(instance, "hypervisor"), "HYPERVISOR");
	if (strcmp(operation, "reinstall") == 0)
		put(e, "1", "INSTANCE_REINSTALL");
	*problem = put_disks(e, instance, sysfs);
	if (*problem)
		return NULL;
	put_nics(e, instance);
	put_tags(e, json_member(instance, "tags"));
	put_ssh_keys(e, json_member(instance, "sshKeys"));
	for (const struct json *item = be ? be->first : NULL; item; item = item->next)
		put(e, as_python(item), "INSTANCE_BE_%s", item->name);
	for (const struct json *item = hv ? hv->first : NULL; item; item = item->next)
		put(e, as_python(item), "INSTANCE_HV_%s", item->name);
	if (!has(e, "INSTANCE_BE_vcpus"))
		put(e, plain(instance, "vcpus"), "INSTANCE_BE_vcpus");
	if (!has(e, "INSTANCE_BE_memory"))
		put(e, plain(instance, "memoryMiB"), "INSTANCE_BE_memory");
	/* As a layer it has become part of the system, and is nothing that a script unpacks. */
	if (image && !(use && strcmp(use, "layer") == 0)) {
		const char *path = find_disk(sysfs, image);

		*problem = "the definition's image isn't attached";
		if (!path)
			return NULL;
		put(e, path, "SLIPWAY_OS_IMAGE");
	}
	*problem = put_parameters(e, parameters);
	return *problem ? NULL : finished(e);
}
