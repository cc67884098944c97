/*
 * What the tests play a guest with.
 *
 *   talk SOCKET                        lines of stdin to the helper, its lines to stdout
 *   hand SOCKET COUNT REQUEST          asks once, with stdin's descriptor so many times; prints the answer
 *   guest COUNT                        frames of stdin (`FD HEX`) to the TAPs at 10, 11 …, theirs to stdout
 *   join INTERFACE UID GID PROGRAM …   becomes PROGRAM as that user, with an interface's frames at stdin
 *   relay                              carries frames between stdin and the TAP at 10
 *
 * Both a TAP as QEMU takes it and the packet socket put ten bytes in front of each frame (struct virtio_net_hdr).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 10
#define HEADER 10
#define MAX_FRAME 66000
#define MAX_TAPS 17

static unsigned char frame[MAX_FRAME];

static int fail(const char *what)
{
	fprintf(stderr, "slipway-frames: %s: %s\n", what, strerror(errno));
	return 1;
}

static int talk(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	if (connect(s, (struct sockaddr *)&to, sizeof(to)) != 0)
		return fail(path);
	for (;;) {
		struct pollfd polls[2] = { { .fd = 0, .events = POLLIN }, { .fd = s, .events = POLLIN } };

		if (poll(polls, 2, -1) < 0)
			return fail("poll");
		for (int i = 0; i < 2; i++) {
			ssize_t n = polls[i].revents ? read(polls[i].fd, frame, sizeof(frame)) : -1;

			if (polls[i].revents && n <= 0)
				return 0;
			if (n > 0 && write(i == 0 ? s : 1, frame, (size_t)n) != n)
				return 0;
		}
	}
}

static ssize_t print_answer(int s)
{
	ssize_t n = read(s, frame, sizeof(frame));

	return n > 0 ? write(1, frame, (size_t)n) : n;
}

static int hand(const char *path, int count, const char *request)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	static char control[CMSG_SPACE(sizeof(int) * 128)];
	struct iovec text[2] = { { .iov_base = (char *)request, .iov_len = strlen(request) }, { .iov_base = "\n", .iov_len = 1 } }; /* only read */
	struct msghdr message = { .msg_iov = text, .msg_iovlen = 2, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count) };
	struct cmsghdr *header = (struct cmsghdr *)control;
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	if (count < 1 || count > 128 || connect(s, (struct sockaddr *)&to, sizeof(to)) != 0 || write(s, "1 hello version=1\n", 18) != 18 || print_answer(s) <= 0)
		return fail(path);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
	memset(CMSG_DATA(header), 0, sizeof(int) * (size_t)count);
	if (sendmsg(s, &message, MSG_NOSIGNAL) < 0)
		return fail("sendmsg");
	while (print_answer(s) > 0)
		continue;
	return 0;
}

static void print_frame(int fd)
{
	static char line[2 * MAX_FRAME + 16];
	ssize_t n = read(fd, frame, sizeof(frame));
	int length;

	if (n <= HEADER)
		return;
	length = sprintf(line, "%d ", fd);
	for (ssize_t i = HEADER; i < n; i++)
		length += sprintf(line + length, "%02x", frame[i]);
	line[length++] = '\n';
	if (write(1, line, (size_t)length) != length)
		exit(0);
}

static void send_line(const char *line)
{
	char *at;
	long fd = strtol(line, &at, 10);
	size_t length = HEADER;

	memset(frame, 0, HEADER);
	for (at++; at[0] && at[1] && length < sizeof(frame); at += 2) {
		char pair[3] = { at[0], at[1], '\0' };

		frame[length++] = (unsigned char)strtoul(pair, NULL, 16);
	}
	if (write((int)fd, frame, length) != (ssize_t)length)
		fail("write");
}

static int guest(int count)
{
	static char buffer[4 * MAX_FRAME];
	size_t filled = 0;

	if (count < 1 || count > MAX_TAPS)
		return fail("count");
	for (;;) {
		struct pollfd polls[1 + MAX_TAPS] = { { .fd = 0, .events = POLLIN } };

		for (int i = 0; i < count; i++)
			polls[i + 1] = (struct pollfd){ .fd = FIRST + i, .events = POLLIN };
		if (poll(polls, (nfds_t)count + 1, -1) < 0)
			return fail("poll");
		for (int i = 1; i <= count; i++) {
			/* The interface has gone. */
			if (polls[i].revents & (POLLERR | POLLHUP))
				return 3;
			if (polls[i].revents & POLLIN)
				print_frame(polls[i].fd);
		}
		if (polls[0].revents) {
			ssize_t n = read(0, buffer + filled, sizeof(buffer) - 1 - filled);
			char *at = buffer, *end;

			if (n <= 0)
				return 0;
			filled += (size_t)n;
			buffer[filled] = '\0';
			while ((end = memchr(at, '\n', filled - (size_t)(at - buffer)))) {
				*end = '\0';
				send_line(at);
				at = end + 1;
			}
			filled -= (size_t)(at - buffer);
			memmove(buffer, at, filled);
		}
	}
}

static int join(char **arguments)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(arguments[0]) };
	uid_t uid = (uid_t)atoi(arguments[1]);
	gid_t gid = (gid_t)atoi(arguments[2]);
	int one = 1, s = socket(AF_PACKET, SOCK_RAW, 0);

	if (s < 0 || setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) != 0 || bind(s, (struct sockaddr *)&to, sizeof(to)) != 0)
		return fail(arguments[0]);
	if (dup2(s, 0) != 0 || close(s) != 0 || setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return fail("user");
	execvp(arguments[3], arguments + 3);
	return fail(arguments[3]);
}

static int relay(void)
{
	for (;;) {
		struct pollfd polls[2] = { { .fd = 0, .events = POLLIN }, { .fd = FIRST, .events = POLLIN } };
		struct sockaddr_ll from = { .sll_pkttype = 0 };
		socklen_t size = sizeof(from);
		ssize_t n;

		if (poll(polls, 2, -1) < 0)
			return fail("poll");
		if (polls[1].revents & (POLLERR | POLLHUP))
			return 3;
		if (polls[0].revents) {
			n = recvfrom(0, frame, sizeof(frame), 0, (struct sockaddr *)&from, &size);
			if (n > HEADER && from.sll_pkttype != PACKET_OUTGOING && write(FIRST, frame, (size_t)n) < 0)
				fail("write");
		}
		if (polls[1].revents & POLLIN) {
			n = read(FIRST, frame, sizeof(frame));
			if (n > HEADER && write(0, frame, (size_t)n) < 0)
				fail("write");
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "talk") == 0)
		return talk(argv[2]);
	if (argc == 5 && strcmp(argv[1], "hand") == 0)
		return hand(argv[2], atoi(argv[3]), argv[4]);
	if (argc == 3 && strcmp(argv[1], "guest") == 0)
		return guest(atoi(argv[2]));
	if (argc >= 6 && strcmp(argv[1], "join") == 0)
		return join(argv + 2);
	if (argc == 2 && strcmp(argv[1], "relay") == 0)
		return relay();
	fprintf(stderr, "slipway-frames: what is known stands at the head of testing/frames.c\n");
	return 2;
}
