#define _GNU_SOURCE
#include "rescue.h"
#include "boot.h"
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROOT_SERIAL "appliance-root"
#define PROGRAM PROGRAMS "/rescue"
/* For programs to end when they are asked to. */
#define PARTING_SECONDS 3

bool wants_rescue(void)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/cmdline", "re");
	bool found = false;

	if (file && fgets(line, sizeof(line), file))
		for (char *word = strtok(line, " \n"); word && !found; word = strtok(NULL, " \n"))
			found = strcmp(word, "slipway.rescue") == 0;
	if (file)
		fclose(file);
	return found;
}

void unmount_all(void)
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
	if (mounts)
		fclose(mounts);
}

void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* On the serial console, in a session of its own where `mode` is none. */
static pid_t start(const char *mode)
{
	char *const argv[] = { PROGRAM, (char *)mode, NULL };
	char *const environment[] = { "PATH=/sbin:/bin:/usr/sbin:/usr/bin", "HOME=/root", "TERM=vt220", NULL };
	sigset_t none;
	pid_t child = fork();

	if (child != 0)
		return child;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (!mode) {
		int console = open("/dev/ttyS0", O_RDWR);

		ioctl(console, TIOCSCTTY, 1);
		dup2(console, 0);
		dup2(console, 1);
		dup2(console, 2);
		if (console > 2)
			close(console);
	}
	execve(PROGRAM, argv, environment);
	_exit(127);
}

/* Everybody else is asked to go, and then made to. */
__attribute__((noreturn))
static void leave(const sigset_t *signals)
{
	struct timespec left = { .tv_sec = PARTING_SECONDS };

	kill(-1, SIGTERM);
	/* A shell that reads a terminal goes when that is gone. */
	kill(-1, SIGHUP);
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			break;
		if (sigtimedwait(signals, NULL, &left) < 0 && errno == EAGAIN)
			break;
	}
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	unmount_all();
	power_off();
}

void run_rescue(const char *sysfs)
{
	const char *problem = enter_root_of(sysfs, ROOT_SERIAL);
	sigset_t signals;
	pid_t preparing, shell = 0;
	bool ready = false;
	time_t started = 0;

	if (problem) {
		fprintf(stderr, "appliance: %s\n", problem);
		power_off();
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Ctrl-Alt-Del is a signal, too, and not the end of everything. */
	reboot(RB_DISABLE_CAD);
	preparing = start("ready");
	for (;;) {
		struct timespec moment = { .tv_sec = 1 };
		int number;

		for (pid_t p; (p = waitpid(-1, NULL, WNOHANG)) > 0;) {
			ready = ready || p == preparing;
			if (p == shell)
				shell = 0;
		}
		/* One that ends as soon as it has begun isn't started more than once a second. */
		if (ready && shell <= 0 && time(NULL) != started) {
			started = time(NULL);
			shell = start(NULL);
		}
		number = sigtimedwait(&signals, NULL, shell > 0 ? NULL : &moment);
		if (number > 0 && number != SIGCHLD)
			leave(&signals);
	}
}
