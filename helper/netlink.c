#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Marks routes and rules as ours, beside those of the administrator and of routing daemons. */
#define PROTOCOL 92

static struct mnl_socket *socket_;
static unsigned sequence;
static char buffer[32768];

struct address {
	int family;
	size_t size;
	unsigned char bytes[16];
};

static struct address to_address(const char *text)
{
	struct address a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	a.size = a.family == AF_INET6 ? 16 : 4;
	inet_pton(a.family, text, a.bytes);
	return a;
}

bool netlink_start(void)
{
	socket_ = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	return socket_ && mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) == 0;
}

static struct nlmsghdr *start(uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	message->nlmsg_seq = ++sequence;
	return message;
}

static bool ask_for(struct nlmsghdr *message, mnl_cb_t visit, void *with)
{
	int n, more;

	if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0)
		return false;
	do {
		n = (int)mnl_socket_recvfrom(socket_, buffer, sizeof(buffer));
		more = n < 0 ? -1 : mnl_cb_run(buffer, (size_t)n, sequence, mnl_socket_get_portid(socket_), visit, with);
		/* An answer to an earlier question that was given up. */
		if (more < 0 && (errno == ESRCH || errno == EPROTO) && n > 0 && ((struct nlmsghdr *)buffer)->nlmsg_seq != sequence)
			more = 1;
	} while (more > 0);
	return more == 0;
}

static bool ask(struct nlmsghdr *message)
{
	return ask_for(message, NULL, NULL);
}

static bool read_mac_bytes(const char *text, unsigned char bytes[6])
{
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", bytes, bytes + 1, bytes + 2, bytes + 3, bytes + 4, bytes + 5) == 6;
}

bool set_link(int ifindex, const char *mac, uint32_t mtu, int bridge, bool up)
{
	struct nlmsghdr *message = start(RTM_NEWLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	unsigned char bytes[6];

	info->ifi_index = ifindex;
	info->ifi_change = IFF_UP;
	info->ifi_flags = up ? IFF_UP : 0;
	if (mac && read_mac_bytes(mac, bytes))
		mnl_attr_put(message, IFLA_ADDRESS, sizeof(bytes), bytes);
	if (mtu)
		mnl_attr_put_u32(message, IFLA_MTU, mtu);
	if (bridge)
		mnl_attr_put_u32(message, IFLA_MASTER, (uint32_t)bridge);
	return ask(message);
}

bool delete_link(int ifindex)
{
	struct nlmsghdr *message = start(RTM_DELLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifi_index = ifindex;
	return ask(message);
}

bool add_address(int ifindex, const char *address, int length, enum scope scope)
{
	static const unsigned char scopes[] = { RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_HOST };
	struct address a = to_address(address);
	struct nlmsghdr *message = start(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	uint32_t flags = 0;

	info->ifa_family = (unsigned char)a.family;
	info->ifa_prefixlen = (unsigned char)length;
	info->ifa_scope = scopes[scope];
	info->ifa_index = (unsigned)ifindex;
	mnl_attr_put(message, IFA_LOCAL, a.size, a.bytes);
	mnl_attr_put(message, IFA_ADDRESS, a.size, a.bytes);
	if (a.family == AF_INET6)
		/* No duplicate address detection: the guest is the only other one on the link, and could claim the address. */
		flags |= IFA_F_NODAD;
	if (a.family == AF_INET || scope != SCOPE_LINK)
		/* Only the link-local network has a route of its own: there is no other way to its addresses. */
		flags |= IFA_F_NOPREFIXROUTE;
	mnl_attr_put_u32(message, IFA_FLAGS, flags);
	return ask(message);
}

bool add_host_route(int ifindex, const char *address, uint32_t table, const char *source)
{
	struct address a = to_address(address), from;
	struct nlmsghdr *message = start(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->rtm_family = (unsigned char)a.family;
	info->rtm_dst_len = (unsigned char)(a.size * 8);
	info->rtm_table = table < 256 ? (unsigned char)table : RT_TABLE_UNSPEC;
	info->rtm_protocol = PROTOCOL;
	info->rtm_scope = a.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	info->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(message, RTA_TABLE, table);
	mnl_attr_put(message, RTA_DST, a.size, a.bytes);
	mnl_attr_put_u32(message, RTA_OIF, (uint32_t)ifindex);
	if (source) {
		from = to_address(source);
		mnl_attr_put(message, RTA_PREFSRC, from.size, from.bytes);
	}
	return ask(message);
}

bool add_proxy(int ifindex, const char *address)
{
	struct address a = to_address(address);
	struct nlmsghdr *message = start(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ndm_family = (unsigned char)a.family;
	info->ndm_ifindex = ifindex;
	info->ndm_state = NUD_PERMANENT;
	info->ndm_flags = NTF_PROXY;
	mnl_attr_put(message, NDA_DST, a.size, a.bytes);
	return ask(message);
}

bool add_table_rule(const char *name, int family, uint32_t table, const char *to)
{
	struct nlmsghdr *message = start(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	struct fib_rule_hdr *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->family = (unsigned char)family;
	info->action = table == NO_TABLE ? FR_ACT_UNREACHABLE : FR_ACT_TO_TBL;
	mnl_attr_put_strz(message, FRA_IIFNAME, name);
	if (table != NO_TABLE)
		mnl_attr_put_u32(message, FRA_TABLE, table);
	if (to) {
		struct address a = to_address(to);

		info->dst_len = (unsigned char)(a.size * 8);
		mnl_attr_put(message, FRA_DST, a.size, a.bytes);
	}
	mnl_attr_put_u8(message, FRA_PROTOCOL, PROTOCOL);
	return ask(message) || errno == EEXIST;
}

static bool delete_rule(int family, const char *name, uint32_t priority)
{
	struct nlmsghdr *message = start(RTM_DELRULE, 0);
	struct fib_rule_hdr *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->family = (unsigned char)family;
	mnl_attr_put_strz(message, FRA_IIFNAME, name);
	mnl_attr_put_u32(message, FRA_PRIORITY, priority);
	mnl_attr_put_u8(message, FRA_PROTOCOL, PROTOCOL);
	return ask(message);
}

struct found_rule {
	const char *wanted;
	char name[IFNAMSIZ];
	uint32_t priority;
};

/* With a dot at its end it means all names that begin so. */
static bool is_meant(const char *name, const char *wanted)
{
	size_t length = strlen(wanted);

	return wanted[length - 1] == '.' ? strncmp(name, wanted, length) == 0 : strcmp(name, wanted) == 0;
}

static int find_rule(const struct nlmsghdr *message, void *with)
{
	struct found_rule *found = with;
	const struct nlattr *attribute;
	const char *name = "";
	uint32_t priority = 0;
	bool ours = false;

	mnl_attr_for_each(attribute, message, sizeof(struct fib_rule_hdr)) {
		if (mnl_attr_get_type(attribute) == FRA_IIFNAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attribute);
		else if (mnl_attr_get_type(attribute) == FRA_PRIORITY)
			priority = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == FRA_PROTOCOL)
			ours = mnl_attr_get_u8(attribute) == PROTOCOL;
	}
	if (ours && is_meant(name, found->wanted) && strlen(name) < sizeof(found->name)) {
		strcpy(found->name, name);
		found->priority = priority;
	}
	return MNL_CB_OK;
}

void delete_table_rules(const char *wanted)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < 2; i++)
		for (;;) {
			struct found_rule found = { .wanted = wanted };
			struct nlmsghdr *message = start(RTM_GETRULE, NLM_F_DUMP);
			struct fib_rule_hdr *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

			info->family = (unsigned char)families[i];
			if (!ask_for(message, find_rule, &found) || found.name[0] == '\0')
				break;
			if (!delete_rule(families[i], found.name, found.priority))
				break;
		}
}

static int find_type(const struct nlmsghdr *message, void *with)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);

	*(int *)with = info->rtm_type;
	return MNL_CB_OK;
}

enum reach find_reach(const char *address)
{
	struct address a = to_address(address);
	struct nlmsghdr *message = start(RTM_GETROUTE, 0);
	struct rtmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	int type = RTN_UNREACHABLE;

	info->rtm_family = (unsigned char)a.family;
	info->rtm_dst_len = (unsigned char)(a.size * 8);
	mnl_attr_put(message, RTA_DST, a.size, a.bytes);
	ask_for(message, find_type, &type);
	if (type == RTN_LOCAL)
		return REACH_LOCAL;
	return type == RTN_UNICAST ? REACH_ELSEWHERE : REACH_NONE;
}

static const char *name_of(const struct nlmsghdr *message, uint32_t *mtu)
{
	const struct nlattr *attribute;
	const char *name = "";

	mnl_attr_for_each(attribute, message, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attribute) == IFLA_IFNAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attribute);
		else if (mnl_attr_get_type(attribute) == IFLA_MTU && mtu)
			*mtu = mnl_attr_get_u32(attribute);
	}
	return name;
}

static int find_mtu(const struct nlmsghdr *message, void *with)
{
	name_of(message, with);
	return MNL_CB_OK;
}

uint32_t link_mtu(int ifindex)
{
	struct nlmsghdr *message = start(RTM_GETLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	uint32_t mtu = 0;

	info->ifi_index = ifindex;
	ask_for(message, find_mtu, &mtu);
	return mtu;
}

static int visit_link(const struct nlmsghdr *message, void *with)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	void (*visit)(int, const char *);

	memcpy(&visit, with, sizeof(visit));
	if (message->nlmsg_type == RTM_NEWLINK)
		visit(info->ifi_index, name_of(message, NULL));
	return MNL_CB_OK;
}

void each_link(void (*visit)(int ifindex, const char *name))
{
	struct nlmsghdr *message = start(RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	ask_for(message, visit_link, &visit);
}
