#define _GNU_SOURCE
#include "links.h"

#include "log.h"
#include "netlink.h"
#include "rule-templates.h"
#include "sysctls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNEL_MTU 1500
#define MAIN_TABLE 254

int make_tap(struct link *link)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0)
		return -1;
	memcpy(request.ifr_name, link->name, sizeof(request.ifr_name));
	if (if_nametoindex(link->name) != 0)
		errno = EEXIST; /* Somebody's: joining it would give the guest that one's frames. */
	else if (ioctl(fd, TUNSETIFF, &request) == 0 && (link->ifindex = (int)if_nametoindex(link->name)) != 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static uint32_t table_of(const struct link *link)
{
	return *link->via ? (uint32_t)strtoul(link->via, NULL, 10) : MAIN_TABLE;
}

static const char *set_up_channel(const struct link *link)
{
	bool ipv6 = host_has_ipv6() && *link->ip6;

	if (!set_link(link->ifindex, HOST_MAC, CHANNEL_MTU, 0, true))
		return "up";
	/* A /64 because dnsmasq looks for the network of its range there; no route comes of it. */
	if (!add_address(link->ifindex, HOST_ADDRESS, 32, SCOPE_LINK) ||
	    (ipv6 && (!add_address(link->ifindex, HOST_LINK_LOCAL, 64, SCOPE_LINK) || !add_address(link->ifindex, HOST_ADDRESS6, 64, SCOPE_GLOBAL))))
		return "address";
	if (!add_host_route(link->ifindex, link->ip, MAIN_TABLE, HOST_ADDRESS) ||
	    (ipv6 && !add_host_route(link->ifindex, link->ip6, MAIN_TABLE, HOST_ADDRESS6)))
		return "route";
	return NULL;
}

static const char *set_up_bridged(const struct link *link)
{
	int bridge = (int)if_nametoindex(link->via);

	if (bridge == 0)
		return "bridge";
	/* A port with a smaller MTU would make the whole bridge's smaller. */
	if (!set_link(link->ifindex, NULL, link_mtu(bridge), bridge, true))
		return "bridge";
	return NULL;
}

/*
 * A gateway that the host reaches elsewhere is answered for by proxy: the address stays its own. One that is nowhere, or that is the
 * host's, becomes an address of the interface: the kernel answers by proxy only for what it sends to another interface.
 */
static bool add_gateway(const struct link *link, const char *gateway, int length)
{
	return find_reach(gateway) == REACH_ELSEWHERE ? add_proxy(link->ifindex, gateway) : add_address(link->ifindex, gateway, length, SCOPE_LINK);
}

/*
 * The guest's packets are looked up in its table, and there alone: the kernel would go on to the main one. But a gateway that is answered
 * for by proxy has to be found there or the kernel doesn't answer; so that address, where the table doesn't know it, is the main one's.
 */
static bool add_table_rules(const struct link *link, int family, uint32_t table)
{
	const char *gateway = family == AF_INET ? link->gateway : "";

	/* Each comes before those that are there. */
	return add_table_rule(link->name, family, NO_TABLE, NULL) &&
	       (*gateway == '\0' || find_reach(gateway) != REACH_ELSEWHERE || add_table_rule(link->name, family, MAIN_TABLE, gateway)) &&
	       add_table_rule(link->name, family, table, NULL);
}

static const char *set_up_routed(const struct link *link)
{
	bool ipv6 = host_has_ipv6() && *link->ip6, own = is_link_local6(link->gateway6);
	uint32_t table = table_of(link);

	if (!set_link(link->ifindex, NULL, CHANNEL_MTU, 0, true))
		return "up";
	/* Without one of the link the host asks for no neighbour there: for what it forwards it has no address to ask with. */
	if (ipv6 && !add_address(link->ifindex, own ? link->gateway6 : HOST_LINK_LOCAL, 64, SCOPE_LINK))
		return "address";
	if ((*link->gateway && !add_gateway(link, link->gateway, 32)) || (ipv6 && *link->gateway6 && !own && !add_gateway(link, link->gateway6, 128)))
		return "gateway";
	if (!add_host_route(link->ifindex, link->ip, table, NULL) || (ipv6 && !add_host_route(link->ifindex, link->ip6, table, NULL)))
		return "route";
	if (table != MAIN_TABLE && (!add_table_rules(link, AF_INET, table) || (ipv6 && !add_table_rules(link, AF_INET6, table))))
		return "table";
	return NULL;
}

const char *set_up_link(const struct link *link)
{
	/* Before it is up: what the kernel would do in between, it doesn't. */
	const char *setting = set_sysctls(link);

	if (setting)
		return setting;
	switch (link->kind) {
	case KIND_CHANNEL:
		return set_up_channel(link);
	case KIND_BRIDGED:
		return set_up_bridged(link);
	case KIND_ROUTED:
		return set_up_routed(link);
	}
	return "kind";
}

void take_down_link(struct link *link)
{
	int ifindex = link->ifindex;

	if (ifindex == 0)
		return;
	link->ifindex = 0;
	delete_link(ifindex); /* It may have gone already. */
	if (link->kind == KIND_ROUTED && *link->via)
		delete_table_rules(link->name);
}

bool add_host_addresses(void)
{
	int loopback = (int)if_nametoindex("lo");

	if (!add_address(loopback, HOST_ADDRESS, 32, SCOPE_HOST))
		return false;
	return !host_has_ipv6() || add_address(loopback, HOST_ADDRESS6, 128, SCOPE_HOST);
}

static int strays[MAX_GUESTS];
static size_t stray_count;

static void recover(int ifindex, const char *name)
{
	struct link *link;

	if (strncmp(name, "gnt.com.", 8) != 0 && strncmp(name, "gnt.nic.", 8) != 0)
		return;
	if (guest_of_name(name, &link))
		link->ifindex = ifindex;
	else if (stray_count < MAX_GUESTS)
		strays[stray_count++] = ifindex;
}

void recover_links(void)
{
	/* They stay when an interface goes, and are made again below. */
	delete_table_rules("gnt.nic.");
	stray_count = 0;
	each_link(recover);
	for (size_t i = 0; i < stray_count; i++) {
		char name[IFNAMSIZ] = "";

		if (if_indextoname((unsigned)strays[i], name) && delete_link(strays[i]))
			log_fact("removed", "interface", name, "why", "nobody recorded it", NULL);
	}
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++) {
			const char *failed;

			if (!g->links[i].there || g->links[i].ifindex == 0)
				continue;
			failed = set_up_link(&g->links[i]);
			if (failed)
				log_fact("failed", "step", failed, "interface", g->links[i].name, "why", strerror(errno), NULL);
		}
}
