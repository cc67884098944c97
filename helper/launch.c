/*
 * slipway-launch --helper SOCKET --guest KEY -- PROGRAM ARGUMENTS…: asks the helper for a guest's interfaces, and becomes PROGRAM with
 * their descriptors at 10, 11 … and nothing else that was open (PROTOCOL.md, `open`). It needs no privilege.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_DESCRIPTOR 10
#define MAX_TAPS 32
#define ASIDE 100 /* where received descriptors can't be in each other's way */
/* 17 interfaces with a hook each that takes its 10 seconds, and more */
#define WAIT_SECONDS 200

/* As shells have it: found but not to be run, and not found. */
enum { CANNOT = 126, NOT_FOUND = 127 };

static void give_up(const char *what, const char *why) __attribute__((noreturn));

static void give_up(const char *what, const char *why)
{
	fprintf(stderr, "slipway-launch: %s: %s\n", what, why);
	exit(CANNOT);
}

static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = WAIT_SECONDS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(to.sun_path))
		give_up("--helper", "too long for the path of a socket");
	strcpy(to.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		give_up(path, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static void send_line(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line))
		give_up("helper", "the connection ended");
}

/* One answer, and the descriptors that come with it; how many. */
static size_t read_answer(int fd, char *line, size_t size, int *taps)
{
	size_t length = 0, count = 0;

	for (;;) {
		char control[CMSG_SPACE(sizeof(int) * MAX_TAPS)];
		struct iovec text = { .iov_base = line + length, .iov_len = 1 };
		struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		struct cmsghdr *header;
		ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			give_up("helper", n == 0 ? "the connection ended" : strerror(errno));
		if (message.msg_flags & MSG_CTRUNC)
			give_up("helper", "more descriptors than this process may have");
		for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
			if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
				continue;
			count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(taps, CMSG_DATA(header), count * sizeof(int));
		}
		if (line[length] == '\n') {
			line[length] = '\0';
			return count;
		}
		if (++length == size - 1)
			give_up("helper", "the answer is too long");
	}
}

static void expect_ok(const char *line, const char *number)
{
	/* The helper's sentences name keys and never values; this is for whoever reads the guest's log. */
	if (strncmp(line, number, 1) != 0 || strncmp(line + 1, " ok", 3) != 0)
		give_up("helper", strncmp(line + 1, " error ", 7) == 0 ? line + 8 : "an answer that makes no sense");
}

static void place_descriptors(int *taps, size_t count)
{
	/* Out of the way first: one may lie where another has to go. */
	for (size_t i = 0; i < count; i++)
		if ((taps[i] = fcntl(taps[i], F_DUPFD_CLOEXEC, ASIDE)) < 0)
			give_up("descriptor", strerror(errno));
	for (size_t i = 0; i < count; i++)
		if (dup3(taps[i], FIRST_DESCRIPTOR + (int)i, O_CLOEXEC) < 0)
			give_up("descriptor", strerror(errno));
	/* Whatever else was open stays here, and these stay in the program. */
	if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		give_up("descriptor", strerror(errno));
	for (size_t i = 0; i < count; i++)
		if (fcntl(FIRST_DESCRIPTOR + (int)i, F_SETFD, 0) != 0)
			give_up("descriptor", strerror(errno));
}

static void open_guest(const char *path, const char *guest)
{
	char line[1024];
	int taps[MAX_TAPS], fd = connect_to(path);
	size_t count;

	if (*guest == '\0' || strlen(guest) > 64 || guest[strspn(guest, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
		give_up("--guest", "1 to 64 of a-z, 0-9 and -");
	send_line(fd, "1 hello version=1\n");
	read_answer(fd, line, sizeof(line), taps);
	expect_ok(line, "1");
	snprintf(line, sizeof(line), "2 open guest=%s\n", guest);
	send_line(fd, line);
	count = read_answer(fd, line, sizeof(line), taps);
	expect_ok(line, "2");
	if (count == 0)
		give_up("helper", "no descriptors came with the answer");
	place_descriptors(taps, count);
}

int main(int argc, char **argv)
{
	if (argc < 7 || strcmp(argv[1], "--helper") != 0 || strcmp(argv[3], "--guest") != 0 || strcmp(argv[5], "--") != 0)
		give_up("usage", "slipway-launch --helper SOCKET --guest KEY -- PROGRAM ARGUMENTS");
	open_guest(argv[2], argv[4]);
	execvp(argv[6], argv + 6);
	fprintf(stderr, "slipway-launch: %s: %s\n", argv[6], strerror(errno));
	return errno == ENOENT ? NOT_FOUND : CANNOT;
}
