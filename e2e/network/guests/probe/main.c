/*
 * The first process of a small guest that carries out a plan: the text on its second disk, a line `LABEL COMMAND ARGUMENTS…` each.
 * What comes of each is said on the serial console. `&` before a command: it goes on beside the rest.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define PLAN_BYTES 65536

char channel_name[16];
int channel_index;
uint8_t channel_mac[6];

void say(const char *label, const char *format, ...) {
	char line[1200];
	int length = snprintf(line, sizeof line, "\nprobe %s ", label);
	va_list values;
	va_start(values, format);
	length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, values);
	va_end(values);
	if (length > (int)sizeof line - 2) length = (int)sizeof line - 2;
	line[length++] = '\n';
	if (write(1, line, (size_t)length) < 0) _exit(1);
}

int64_t now_us(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

size_t unescape(char *text) {
	char *out = text;
	for (char *in = text; *in; in++) {
		if (*in != '\\') {
			*out++ = *in;
			continue;
		}
		in++;
		switch (*in) {
		case 'n': *out++ = '\n'; break;
		case 'r': *out++ = '\r'; break;
		case 's': *out++ = ' '; break;
		case '0': *out++ = '\0'; break;
		case 'x': {
			char digits[3] = {in[1], in[1] ? in[2] : 0, 0};
			*out++ = (char)strtol(digits, NULL, 16);
			in += 2;
			break;
		}
		default: *out++ = *in;
		}
	}
	return (size_t)(out - text);
}

static void load_modules(void) {
	struct dirent **names;
	int count = scandir("/modules", &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] == '.') continue;
		char path[300];
		snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
		int file = open(path, O_RDONLY | O_CLOEXEC);
		if (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST) say("init", "module %s: %s", path, strerror(errno));
		close(file);
	}
}

/* The last one, by index, that has a device. */
static void find_channel(void) {
	struct if_nameindex *all = if_nameindex();
	for (struct if_nameindex *one = all; one && one->if_index; one++) {
		if ((int)one->if_index <= channel_index || strcmp(one->if_name, "lo") == 0) continue;
		channel_index = (int)one->if_index;
		snprintf(channel_name, sizeof channel_name, "%s", one->if_name);
	}
	int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};
	memcpy(request.ifr_name, channel_name, sizeof channel_name);
	ioctl(probe, SIOCGIFHWADDR, &request);
	memcpy(channel_mac, request.ifr_hwaddr.sa_data, 6);
	close(probe);
}

static void cmd_sleep(const char *label, int argc, char **argv) {
	if (argc > 0) usleep((useconds_t)(atof(argv[0]) * 1e6));
	(void)label;
}

/* Runs busybox; says its status and its last line. */
static void cmd_busybox(const char *label, int argc, char **argv) {
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) return;
	pid_t child = fork();
	if (child == 0) {
		char *words[MAX_WORDS + 2] = {"busybox"};
		for (int i = 0; i < argc; i++) words[i + 1] = argv[i];
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		execve("/bin/busybox", words, (char *[]){"PATH=/bin", NULL});
		_exit(127);
	}
	close(ends[1]);
	char last[256] = "", chunk[256];
	size_t used = 0;
	for (ssize_t got; (got = read(ends[0], chunk, sizeof chunk)) > 0;) {
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] == '\n' || used == sizeof last - 1) continue;
			if (i > 0 && chunk[i - 1] == '\n') used = 0;
			last[used++] = chunk[i];
			last[used] = 0;
		}
	}
	close(ends[0]);
	int status = 0;
	waitpid(child, &status, 0);
	say(label, "status=%d %s", WIFEXITED(status) ? WEXITSTATUS(status) : -1, last);
}

static void cmd_mark(const char *label, int argc, char **argv) {
	say(label, "%s", argc > 0 ? argv[0] : "mark");
}

/* Until what goes on beside has ended. */
static void cmd_wait(const char *label, int argc, char **argv) {
	while (wait(NULL) > 0) {}
	(void)label, (void)argc, (void)argv;
}

static const struct {
	const char *name;
	void (*run)(const char *label, int argc, char **argv);
} commands[] = {
	{"arp", cmd_arp},
	{"busybox", cmd_busybox},
	{"dhcp-flood", cmd_dhcp_flood},
	{"lease", cmd_lease},
	{"listen", cmd_listen},
	{"mark", cmd_mark},
	{"measure", cmd_measure},
	{"neighbour6", cmd_neighbour6},
	{"pour", cmd_pour},
	{"reach", cmd_reach},
	{"relay", cmd_relay},
	{"send", cmd_send},
	{"sleep", cmd_sleep},
	{"slow", cmd_slow},
	{"syn", cmd_syn},
	{"syn6", cmd_syn6},
	{"syn-flood", cmd_syn_flood},
	{"wait", cmd_wait},
	{"watch", cmd_watch},
};

static void carry_out(char *line) {
	char *words[MAX_WORDS], *rest = line;
	int count = 0;
	for (char *word; count < MAX_WORDS && (word = strsep(&rest, " ")) != NULL;) {
		if (*word) words[count++] = word;
	}
	if (count < 2 || words[0][0] == '#') return;
	const char *name = words[1];
	int is_beside = name[0] == '&';
	if (is_beside) name++;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(commands[i].name, name) != 0) continue;
		if (!is_beside) {
			commands[i].run(words[0], count - 2, words + 2);
		} else if (fork() == 0) {
			commands[i].run(words[0], count - 2, words + 2);
			_exit(0);
		}
		return;
	}
	say(words[0], "there is no command %s", name);
}

int main(void) {
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	int console = open("/dev/ttyS0", O_RDWR | O_CLOEXEC);
	dup2(console, 1);
	dup2(console, 2);
	signal(SIGPIPE, SIG_IGN);
	struct rlimit files = {8192, 8192};
	setrlimit(RLIMIT_NOFILE, &files);
	load_modules();
	for (int i = 0; i < 100 && access("/dev/vdb", F_OK) != 0; i++) usleep(20000);
	find_channel();
	say("init", "channel %s %02x:%02x:%02x:%02x:%02x:%02x", channel_name, channel_mac[0], channel_mac[1], channel_mac[2], channel_mac[3], channel_mac[4], channel_mac[5]);
	static char plan[PLAN_BYTES + 1];
	int disk = open("/dev/vdb", O_RDONLY | O_CLOEXEC);
	if (disk < 0 || read(disk, plan, PLAN_BYTES) <= 0) say("init", "there is no plan");
	char *rest = plan;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		while (waitpid(-1, NULL, WNOHANG) > 0) {}
		carry_out(line);
	}
	say("init", "the plan has ended");
	for (;;) {
		if (wait(NULL) < 0) pause();
	}
}
