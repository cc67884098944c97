/* Hears of interfaces that go: a guest's TAP goes with its QEMU. */
#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

int watch_links(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int next_gone(int fd)
{
	static char messages[16384];
	ssize_t n;

	while ((n = recv(fd, messages, sizeof(messages), 0)) > 0) {
		struct nlmsghdr *message = (struct nlmsghdr *)messages;

		/* Each news comes as a datagram of its own. */
		if (NLMSG_OK(message, (size_t)n) && message->nlmsg_type == RTM_DELLINK && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg))) {
			const struct ifinfomsg *info = NLMSG_DATA(message);

			/* A port that leaves its bridge is told with the bridge's family; the interface is still there. */
			if (info->ifi_family == AF_UNSPEC)
				return info->ifi_index;
		}
	}
	return n < 0 && errno == ENOBUFS ? -1 : 0;
}
