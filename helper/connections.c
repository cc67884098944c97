#define _GNU_SOURCE
#include "connections.h"

#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

/* Which parts of the tuple are compared; the kernel has names for these bits, and its headers don't. */
enum { BY_SOURCE = 1 << 0, BY_DESTINATION = 1 << 1 };

static struct mnl_socket *socket_;
static unsigned sequence;

static bool send_and_wait(struct nlmsghdr *message)
{
	char answer[1024];
	ssize_t n;

	if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0)
		return false;
	n = mnl_socket_recvfrom(socket_, answer, sizeof(answer));
	return n > 0 && mnl_cb_run(answer, (size_t)n, sequence, mnl_socket_get_portid(socket_), NULL, NULL) >= 0;
}

static bool forget(const char *address, uint32_t by)
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	unsigned char bytes[16];
	char buffer[512];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	struct nlattr *tuple, *ip, *filter;
	uint16_t type = family == AF_INET ? (by == BY_SOURCE ? CTA_IP_V4_SRC : CTA_IP_V4_DST) : (by == BY_SOURCE ? CTA_IP_V6_SRC : CTA_IP_V6_DST);

	inet_pton(family, address, bytes);
	message->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->nlmsg_seq = ++sequence;
	info->nfgen_family = (uint8_t)family;
	info->version = NFNETLINK_V0;
	tuple = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
	ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	mnl_attr_put(message, type, family == AF_INET ? 4 : 16, bytes);
	mnl_attr_nest_end(message, ip);
	mnl_attr_nest_end(message, tuple);
	filter = mnl_attr_nest_start(message, CTA_FILTER);
	mnl_attr_put_u32(message, CTA_FILTER_ORIG_FLAGS, by);
	mnl_attr_put_u32(message, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(message, filter);
	return send_and_wait(message);
}

void forget_connections(const struct link *link)
{
	const char *const addresses[] = { link->ip, link->ip6 };

	if (link->kind != KIND_CHANNEL)
		return;
	if (!socket_) {
		socket_ = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
		if (!socket_ || mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) != 0)
			return;
	}
	for (size_t i = 0; i < 2; i++)
		if (*addresses[i] && (!forget(addresses[i], BY_SOURCE) || !forget(addresses[i], BY_DESTINATION)))
			/* They end by themselves, later. */
			log_fact("failed", "step", "connections", "interface", link->name, "why", strerror(errno), NULL);
}
