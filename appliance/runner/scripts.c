#define _GNU_SOURCE
#include "scripts.h"
#include "environment.h"
#include "root.h"
#include "write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOCUMENT_LIMIT (4 * 1024 * 1024)
#define ARCHIVE_LIMIT (64 * 1024 * 1024)

static struct http *http;

/* Tells console and host. */
static int fail(const char *problem)
{
	char line[512];

	fprintf(stderr, "appliance: %s\n", problem);
	snprintf(line, sizeof(line), "appliance: %s\n", problem);
	return write_lines(http, line, strlen(line)) < 0 ? -1 : APPLIANCE_FAILED;
}

static bool unpack(const struct http_answer *archive, const char *folder)
{
	char *const argv[] = { "/bin/tar", "-x", "-f", "-", "-C", (char *)folder, NULL };
	char *const environment[] = { NULL };
	int ends[2], status;
	size_t written = 0;
	pid_t child;

	mkdir(folder, 0755);
	if (pipe(ends) < 0 || (child = fork()) < 0)
		return false;
	if (child == 0) {
		dup2(ends[0], 0);
		close(ends[0]);
		close(ends[1]);
		execve(argv[0], argv, environment);
		_exit(127);
	}
	close(ends[0]);
	while (written < archive->length) {
		ssize_t n = write(ends[1], archive->body + written, archive->length - written);

		if (n <= 0)
			break;
		written += (size_t)n;
	}
	close(ends[1]);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_script_name(const char *name)
{
	return name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

/* The whole number of a member, -1 where there is none. */
static int whole_number(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);

	return value && value->type == JSON_NUMBER && strspn(value->text, "0123456789") == strlen(value->text) ? atoi(value->text) : -1;
}

static const char *find_variable(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* Ganeti's scripts for one disk's stream, whose variables are PREFIX_DEVICE and PREFIX_INDEX. */
static int run_on_disk(const struct script *script, const char *prefix, int i)
{
	char name[32], number[16], **environment = calloc(1, sizeof(char *));
	const char *device;
	struct script own = *script;

	for (char *const *variable = script->environment; *variable; variable++) {
		char *value = strchr(*variable, '='), *key = value ? strndup(*variable, (size_t)(value - *variable)) : NULL;

		if (!key)
			abort();
		add_variable(&environment, key, value + 1);
		free(key);
	}
	snprintf(name, sizeof(name), "DISK_%d_PATH", i);
	device = find_variable(script->environment, name);
	snprintf(name, sizeof(name), "%s_DEVICE", prefix);
	add_variable(&environment, name, device ? device : "");
	snprintf(name, sizeof(name), "%s_INDEX", prefix);
	snprintf(number, sizeof(number), "%d", i);
	add_variable(&environment, name, number);
	own.environment = environment;
	return run_and_write(http, &own);
}

/* Once for each disk that there is a stream for, in their order, until one fails. */
static int import_disks(const struct script *script, const struct json *disks)
{
	int i = 0, done = 0;

	for (const struct json *disk = disks ? disks->first : NULL; disk; disk = disk->next, i++) {
		char path[64];
		struct stream stream = { .direction = STREAM_IN, .path = path };
		struct script own = *script;
		int status;

		snprintf(path, sizeof(path), "/ganeti/latest/os/import/%d", whole_number(disk, "index"));
		status = open_stream(&stream, http->address, http->port);
		if (status == 404) {
			hang_up(&stream.http);
			continue;
		}
		if (status != 200)
			return fail("what is to be imported can't be had from the host");
		own.stream = &stream;
		status = run_on_disk(&own, "IMPORT", i);
		if (status != 0)
			return status;
		done++;
	}
	return done > 0 ? 0 : fail("there is nothing to import");
}

static int export_disks(const struct script *script, const struct json *disks)
{
	int i = 0;

	for (const struct json *disk = disks ? disks->first : NULL; disk; disk = disk->next, i++) {
		char path[64];
		struct stream stream = { .direction = STREAM_OUT, .path = path, .http = { .address = http->address, .port = http->port, .fd = -1 } };
		struct script own = *script;
		int status;

		snprintf(path, sizeof(path), "/ganeti/latest/os/export/%d", whole_number(disk, "index"));
		own.stream = &stream;
		status = run_on_disk(&own, "EXPORT", i);
		if (status != 0)
			return status;
	}
	return i > 0 ? 0 : fail("there is no disk to export");
}

/* The product's own program, with the package coming in. Nothing of a definition is asked for. */
static int personalize(const struct json *metadata, const struct places *places)
{
	struct stream stream = { .direction = STREAM_IN, .path = "/ganeti/latest/os/package", .tell_percent = true };
	const char *problem;
	char **environment = build_own_environment(metadata, places->sysfs, &problem), *path;

	if (!environment)
		return fail(problem);
	if (!json_string(json_member(metadata, "appliance"), "rootSerial"))
		return fail("a package is laid over a system in the full userland only, and there is none");
	problem = enter_root(metadata, places->sysfs, places->real);
	if (problem)
		return fail(problem);
	if (asprintf(&path, "%s/personalize", places->programs) < 0)
		abort();
	if (open_stream(&stream, http->address, http->port) != 200)
		return fail("the package can't be had from the host");
	return run_and_write(http, &(struct script){ .folder = "/", .argv = (char *const[]){ path, NULL }, .environment = environment, .stream = &stream });
}

static int run_script(const char *name, const struct script *script, const struct json *metadata, char ***environment)
{
	const struct json *disks = json_member(json_member(metadata, "instance"), "disks");
	const char *old_name = json_string(metadata, "oldName");

	if (strcmp(name, "import") == 0)
		return import_disks(script, disks);
	if (strcmp(name, "export") == 0)
		return export_disks(script, disks);
	if (strcmp(name, "rename") == 0) {
		struct script own = *script;

		if (!old_name)
			return fail("meta_data.json doesn't say what the instance was called");
		add_variable(environment, "OLD_INSTANCE_NAME", old_name);
		own.environment = *environment;
		return run_and_write(http, &own);
	}
	return run_and_write(http, script);
}

int run_scripts(struct http *connection, const struct json *metadata, const struct places *places, fetch_document *fetch)
{
	const struct json *contract = json_member(metadata, "contract"), *parameters;
	const char *name = json_string(metadata, "script"), *problem;
	struct http_answer document, archive;
	char **environment, *path;

	http = connection;
	/* Of contract 1 is what creates and verifies only, and it hasn't changed. */
	if (!contract || contract->type != JSON_NUMBER || (strcmp(contract->text, "1") != 0 && strcmp(contract->text, "2") != 0))
		return fail("this appliance speaks contracts 1 and 2, the metadata another");
	if (!is_script_name(name))
		return fail("meta_data.json names no script");
	if (strcmp(name, "personalize") == 0)
		return personalize(metadata, places);
	document = fetch("/ganeti/latest/os/parameters.json", DOCUMENT_LIMIT);
	parameters = json_read(document.body, document.length);
	environment = build_environment(metadata, parameters, places->sysfs, &problem);
	if (!environment)
		return fail(problem);
	problem = enter_root(metadata, places->sysfs, places->real);
	if (problem)
		return fail(problem);
	archive = fetch("/ganeti/latest/os/untrusted.tar", ARCHIVE_LIMIT);
	if (!unpack(&archive, places->folder))
		return fail("os/untrusted.tar can't be unpacked");
	free(archive.body);
	if (asprintf(&path, "%s/%s", places->folder, name) < 0)
		abort();
	if (access(path, F_OK) != 0)
		return fail("the script isn't in os/untrusted.tar");
	/* Ganeti names what its verify script is to look at. */
	char *const argv[] = { path, strcmp(name, "verify") == 0 ? "parameters" : NULL, NULL };

	return run_script(name, &(struct script){ .folder = places->folder, .argv = argv, .environment = environment }, metadata, &environment);
}
