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
#include "http.h"
#include "json.h"
#include "rescue.h"
#include "root.h"
#include "scripts.h"
#include "write.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The host listens before the appliance starts; this only bridges a slow link. */
#define CONNECT_ATTEMPTS 20
#define DOCUMENT_LIMIT (4 * 1024 * 1024)

static struct {
	const char *address;
	int port;
	struct places places;
} options = { .address = "169.254.169.254", .port = 80, .places = { .sysfs = "/sys/block", .folder = "/os", .programs = PROGRAMS } };

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

static void finish(int status)
{
	if (is_init)
		power_off();
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

static void boot(void)
{
	const char *channel;

	mount_kernel_filesystems();
	load_modules("/lib/modules/boot");
	if (wants_rescue())
		run_rescue(options.places.sysfs);
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
			options.places.sysfs = arguments[i + 1];
		else if (strcmp(arguments[i], "--folder") == 0)
			options.places.folder = arguments[i + 1];
		else if (strcmp(arguments[i], "--programs") == 0)
			options.places.programs = arguments[i + 1];
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
	options.places.real = is_init;
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
	status = run_scripts(&http, metadata, &options.places, fetch);
	if (is_init)
		unmount_all();
	sync();
	snprintf(line, sizeof(line), "{\"result\":{\"token\":\"%s\",\"exit_status\":%d}}\n", token, status);
	if (status < 0 || write_lines(&http, line, strlen(line)) < 0)
		say("the host no longer answers; the install is not reported");
	finish(status < 0 ? 1 : 0);
}
