/* What the kernel tells of the rules: that somebody changed them, and what they refused. */
#define _GNU_SOURCE
#include "rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A change comes as several messages and ends with the one that says which process made it. */
static bool touched;

static int open_netfilter(uint32_t groups)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int watch_rules(void)
{
	int fd = open_netfilter(1u << (NFNLGRP_NFTABLES - 1)), size = 1 << 20;

	/* A ruleset of the host's own, replaced, is a long story. */
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static bool takes_something_of_ours(const struct nlmsghdr *message)
{
	const struct nlattr *attribute;

	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
	case NFT_MSG_DELSET:
	case NFT_MSG_DELSETELEM:
		break;
	default:
		return false;
	}
	/* The table's name is the first attribute of all these (NFTA_TABLE_NAME, NFTA_CHAIN_TABLE …). */
	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attribute) == NFTA_TABLE_NAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return strcmp(mnl_attr_get_str(attribute), "slipway") == 0;
	return false;
}

/* By the name of the process: its number there is that of the host's first PID namespace, ours may be another. */
static bool is_of_another(const struct nlmsghdr *message)
{
	const struct nlattr *attribute;
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attribute) == NFTA_GEN_PROC_NAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return strcmp(mnl_attr_get_str(attribute), name) != 0;
	return true;
}

bool rules_were_touched(int fd)
{
	static char messages[65536];
	bool by_another = false;
	ssize_t n;

	while ((n = recv(fd, messages, sizeof(messages), 0)) > 0 || (n < 0 && errno == ENOBUFS)) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)messages;
		int left = (int)n;

		if (n < 0) {
			by_another = true; /* Some of the story is lost: whatever it was, they are put there again. */
			continue;
		}
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
				continue;
			if (NFNL_MSG_TYPE(message->nlmsg_type) == NFT_MSG_NEWGEN) {
				by_another |= touched && is_of_another(message);
				touched = false;
			} else {
				touched |= takes_something_of_ours(message);
			}
		}
	}
	return by_another;
}

int watch_refusals(void)
{
	int fd = open_netfilter(0);
	char buffer[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	struct nfulnl_msg_config_cmd bind_it = { .command = NFULNL_CFG_CMD_BIND };
	/* Where it came in is enough: what the guest sent isn't looked at. */
	struct nfulnl_msg_config_mode mode = { .copy_mode = NFULNL_COPY_META };

	message->nlmsg_type = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG;
	message->nlmsg_flags = NLM_F_REQUEST;
	info->nfgen_family = AF_UNSPEC;
	info->version = NFNETLINK_V0;
	info->res_id = htons(LOG_GROUP);
	mnl_attr_put(message, NFULA_CFG_CMD, sizeof(bind_it), &bind_it);
	mnl_attr_put(message, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(message, NFULA_CFG_TIMEOUT, htonl(10));
	if (fd >= 0 && send(fd, message, message->nlmsg_len, 0) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool next_refusal(int fd, int *ifindex, enum refusal *refusal)
{
	static char messages[65536];
	static const struct nlmsghdr *message;
	static int left;

	for (;;) {
		const struct nlattr *attribute;
		const char *prefix = "";
		int port = 0;

		if (!message || !mnl_nlmsg_ok(message, left)) {
			left = (int)recv(fd, messages, sizeof(messages), 0);
			message = left > 0 ? (const struct nlmsghdr *)messages : NULL;
			/* Lost ones are no loss: they say what was said. */
			if (left <= 0 && errno != ENOBUFS)
				return false;
			continue;
		}
		*ifindex = 0;
		if (message->nlmsg_type == ((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET))
			mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg)) {
				if (mnl_attr_get_type(attribute) == NFULA_IFINDEX_INDEV)
					*ifindex = (int)ntohl(mnl_attr_get_u32(attribute));
				/* For a port of a bridge, the port itself. */
				else if (mnl_attr_get_type(attribute) == NFULA_IFINDEX_PHYSINDEV)
					port = (int)ntohl(mnl_attr_get_u32(attribute));
				else if (mnl_attr_get_type(attribute) == NFULA_PREFIX && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
					prefix = mnl_attr_get_str(attribute);
			}
		message = mnl_nlmsg_next(message, &left);
		if (port)
			*ifindex = port;
		if (*ifindex && strncmp(prefix, "slipway:", 8) == 0 && prefix[8] >= '1' && prefix[8] < '0' + REFUSALS) {
			*refusal = (enum refusal)(prefix[8] - '0');
			return true;
		}
	}
}

const char *refusal_name(enum refusal refusal)
{
	static const char *const names[REFUSALS] = { "", "source", "arp", "dhcp", "port", "flood", "neighbour" };

	return names[refusal];
}
