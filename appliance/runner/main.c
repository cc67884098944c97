/* The runner of the install appliance: brings the channel up, asks the metadata
 * service what to do, does it, says how it ended, switches the machine off.
 *
 * It is /init, process 1, and one program, because each process start costs
 * boot time under emulation. Run as any other process, as in its tests, it
 * leaves the machine alone and takes the options that say where things are.
 * Values of parameters and the environment are never printed, by no path
 * through this program. */
#define _GNU_SOURCE
#include "boot.h"
#include "environment.h"
#include "http.h"
#include "json.h"
#include "root.h"
#include "write.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTRACT "1"
/* Exit status of the install when the appliance, not the script, has failed. */
#define APPLIANCE_FAILED 125
/* The host listens before the appliance starts; this only bridges a slow link. */
#define CONNECT_ATTEMPTS 20
#define DOCUMENT_LIMIT (4 * 1024 * 1024)
#define ARCHIVE_LIMIT (64 * 1024 * 1024)

static struct {
	const char *address, *sysfs, *folder;
	int port;
} options = { .address = "169.254.169.254", .port = 80, .sysfs = "/sys/block", .folder = "/os" };

static struct http http;
static bool is_init;

static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("appliance: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* What a script has left mounted, last first, so that its disks are clean. */
static void unmount_all(void)
{
	char *lines[256], line[4096];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	int count = 0;

	while (mounts && count < 256 && fgets(line, sizeof(line), mounts))
		lines[count++] = strdup(line);
	while (count-- > 0) {
		char device[1024], where[1024];

		if (lines[count] && sscanf(lines[count], "%1023s %1023s", device, where) == 2 && strncmp(device, "/dev/", 5) == 0)
			umount(where);
	}
}

static void finish(int status)
{
	if (is_init) {
		sync();
		reboot(RB_POWER_OFF);
	}
	exit(status);
}

/* One document; ends everything if it can't be had. The host says why in its own log. */
static struct http_answer fetch(const char *path, size_t limit)
{
	struct http_answer answer;

	for (int attempt = 0; attempt < CONNECT_ATTEMPTS; attempt++) {
		struct timespec pause = { .tv_nsec = 100 * 1000000L * (attempt < 5 ? attempt + 1 : 5) };

		if (http_request(&http, path, "", NULL, 0, limit, 30, &answer) == 0) {
			if (answer.status == 200)
				return answer;
			say("GET %s was answered with %d; nothing is installed", path, answer.status);
			finish(1);
		}
		nanosleep(&pause, NULL);
	}
	say("no answer to GET %s; nothing is installed", path);
	finish(1);
	abort();
}

/* A token is printable and needs no escaping; anything else isn't a token. */
static const char *install_token(const struct json *metadata)
{
	const char *token = json_string(json_member(metadata, "install"), "token");

	if (!token || !*token || strlen(token) > 512 || strpbrk(token, "\"\\"))
		return NULL;
	for (const char *c = token; *c; c++)
		if (*c <= ' ' || *c > '~')
			return NULL;
	return token;
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

static int fail(const char *problem)
{
	char line[512];

	say("%s", problem);
	snprintf(line, sizeof(line), "appliance: %s\n", problem);
	return write_lines(&http, line, strlen(line)) < 0 ? -1 : APPLIANCE_FAILED;
}

/* Everything between knowing the token and reporting with it. Returns the exit status, -1 if the host is gone. */
static int install(const struct json *metadata)
{
	struct http_answer document = fetch("/ganeti/latest/os/parameters.json", DOCUMENT_LIMIT);
	const struct json *parameters = json_read(document.body, document.length);
	const struct json *contract = json_member(metadata, "contract");
	const char *script = json_string(metadata, "script"), *problem;
	struct http_answer archive;
	char **environment, *path;

	if (!contract || contract->type != JSON_NUMBER || strcmp(contract->text, CONTRACT) != 0)
		return fail("this appliance speaks contract " CONTRACT ", the metadata another");
	if (!is_script_name(script))
		return fail("meta_data.json names no script");
	environment = build_environment(metadata, parameters, options.sysfs, &problem);
	if (!environment)
		return fail(problem);
	problem = enter_root(metadata, options.sysfs, is_init);
	if (problem)
		return fail(problem);
	archive = fetch("/ganeti/latest/os/untrusted.tar", ARCHIVE_LIMIT);
	if (!unpack(&archive, options.folder))
		return fail("os/untrusted.tar can't be unpacked");
	free(archive.body);
	if (asprintf(&path, "%s/%s", options.folder, script) < 0)
		abort();
	if (access(path, F_OK) != 0)
		return fail("the script isn't in os/untrusted.tar");
	/* Ganeti names what its verify script is to look at. */
	return run_and_write(&http, options.folder, (char *const[]){ path, strcmp(script, "verify") == 0 ? "parameters" : NULL, NULL }, environment);
}

static void boot(void)
{
	const char *channel;

	mount_kernel_filesystems();
	load_modules("/lib/modules/boot");
	channel = find_channel();
	if (!channel) {
		say("there is no network interface; nothing is installed");
		finish(1);
	} else if (!get_address(channel)) {
		say("no address on the channel; nothing is installed");
		finish(1);
	}
}

static void read_options(int count, char **arguments)
{
	for (int i = 1; i + 1 < count; i += 2) {
		if (strcmp(arguments[i], "--address") == 0)
			options.address = arguments[i + 1];
		else if (strcmp(arguments[i], "--port") == 0)
			options.port = atoi(arguments[i + 1]);
		else if (strcmp(arguments[i], "--sysfs") == 0)
			options.sysfs = arguments[i + 1];
		else if (strcmp(arguments[i], "--folder") == 0)
			options.folder = arguments[i + 1];
	}
}

int main(int count, char **arguments)
{
	struct http_answer document;
	const struct json *metadata;
	const char *token;
	char line[640];
	int status;

	is_init = getpid() == 1;
	if (is_init)
		boot();
	else
		read_options(count, arguments);
	signal(SIGPIPE, SIG_IGN);
	http = (struct http){ .address = options.address, .port = options.port, .fd = -1 };
	document = fetch("/ganeti/latest/meta_data.json", DOCUMENT_LIMIT);
	metadata = json_read(document.body, document.length);
	token = install_token(metadata);
	if (!token) {
		say("meta_data.json is broken or has no token; nothing is installed");
		finish(1);
	}
	status = install(metadata);
	if (is_init)
		unmount_all();
	sync();
	snprintf(line, sizeof(line), "{\"result\":{\"token\":\"%s\",\"exit_status\":%d}}\n", token, status);
	if (status < 0 || write_lines(&http, line, strlen(line)) < 0)
		say("the host no longer answers; the install is not reported");
	finish(status < 0 ? 1 : 0);
}
