/* `nic`: an ordinary network interface of a guest, on a bridge or routed by the host. */
#define _GNU_SOURCE
#include "requests.h"

#include "netlink.h"
#include "rule-templates.h"

#include <string.h>

#define MAIN_TABLE 254
#define LOCAL_TABLE 255

static bool take_address(const struct request *request, const char *key, bool (*read)(const char *, char *), char *out)
{
	const char *value = value_of(&request->words, key);

	return !value || read(value, out);
}

static bool read_bridged(const struct request *request, struct link *asked)
{
	const char *link = value_of(&request->words, "link");

	asked->kind = KIND_BRIDGED;
	if (!link || !read_link(link, asked->via))
		return refuse(request, "invalid", "link: missing or not a name of a bridge");
	if (*asked->gateway || (*asked->gateway6 && !*asked->ip6net))
		return refuse(request, "invalid", "gateway: a bridged interface has its own");
	if (*asked->ip6net && !*asked->ip && !*asked->ip6)
		return refuse(request, "invalid", "ip6net: of an interface without an address");
	for (size_t i = 0; i < configuration->bridge_count; i++)
		if (strcmp(configuration->bridges[i], asked->via) == 0)
			return true;
	return refuse(request, "not_allowed", "link: not one of the bridges of this host");
}

static bool is_ours(const char *address)
{
	if (strcmp(address, HOST_ADDRESS) == 0 || strcmp(address, HOST_ADDRESS6) == 0)
		return true;
	for (size_t i = 0; i < configuration->network_count; i++)
		if (is_in_network(&configuration->networks[i], address))
			return true;
	return false;
}

static bool may_be_routed(const char *address)
{
	for (size_t i = 0; i < configuration->routed_count; i++)
		if (is_in_prefix(&configuration->routed[i], address))
			return true;
	return false;
}

/* One that is nowhere becomes the host's (set_up_routed), which draws to the host what is sent to it. */
static bool may_be_gateway(const char *address)
{
	return *address == '\0' || is_link_local6(address) || may_be_routed(address) || find_reach(address) != REACH_NONE;
}

static bool read_routed(const struct request *request, struct link *asked)
{
	const char *table = value_of(&request->words, "link");
	uint32_t number;

	asked->kind = KIND_ROUTED;
	if (configuration->routed_count == 0)
		return refuse(request, "not_allowed", "mode: this host routes for no guests");
	if (table && (!read_number(table, 1, 0xffffffffu, &number) || number == LOCAL_TABLE || !read_link(table, asked->via)))
		return refuse(request, "invalid", "link: not the number of a routing table");
	/* By its number it is the one that is meant without: two guests could have one address there. */
	if (table && number == MAIN_TABLE)
		*asked->via = '\0';
	if (*asked->ip == '\0' || is_ours(asked->ip))
		return refuse(request, "invalid", "ip: missing, or of the communication channel");
	if (is_ours(asked->gateway) || is_ours(asked->gateway6))
		return refuse(request, "invalid", "gateway: of the communication channel");
	if (*asked->ip6net)
		return refuse(request, "invalid", "ip6net: of a bridged interface alone");
	if (!may_be_routed(asked->ip))
		return refuse(request, "not_allowed", "ip: in none of the routed_networks of this host");
	if (*asked->ip6 && !may_be_routed(asked->ip6))
		return refuse(request, "not_allowed", "ip6: in none of the routed_networks of this host");
	if (!may_be_gateway(asked->gateway) || !may_be_gateway(asked->gateway6))
		return refuse(request, "not_allowed", "gateway: nowhere, and in none of the routed_networks of this host");
	/* A route to it would take the address from the host. */
	if (find_reach(asked->ip) == REACH_LOCAL)
		return refuse(request, "taken", "ip: the host's own");
	if (*asked->ip6 && find_reach(asked->ip6) == REACH_LOCAL)
		return refuse(request, "taken", "ip6: the host's own");
	return true;
}

static bool read_nic(const struct request *request, struct link *asked, uint32_t *index)
{
	const char *place = value_of(&request->words, "index"), *mode = value_of(&request->words, "mode");
	const char *mac = value_of(&request->words, "mac");

	if (!place || !read_number(place, 0, MAX_NICS - 1, index))
		return refuse(request, "invalid", "index: missing or not from 0 to 15");
	if (!mac || !read_mac(mac, asked->mac))
		return refuse(request, "invalid", "mac: missing or not a hardware address");
	if (!take_address(request, "ip", read_ipv4, asked->ip))
		return refuse(request, "invalid", "ip: not an IPv4 address");
	if (!take_address(request, "ip6", read_ipv6, asked->ip6))
		return refuse(request, "invalid", "ip6: not an IPv6 address");
	if (!take_address(request, "ip6net", read_network6, asked->ip6net))
		return refuse(request, "invalid", "ip6net: not an IPv6 network such as 2001:db8::/64");
	if (!take_address(request, "gateway", read_ipv4, asked->gateway))
		return refuse(request, "invalid", "gateway: not an IPv4 address");
	if (!take_address(request, "gateway6", read_router6, asked->gateway6))
		return refuse(request, "invalid", "gateway6: not an IPv6 address");
	if (mode && strcmp(mode, "bridged") == 0)
		return read_bridged(request, asked);
	if (mode && strcmp(mode, "routed") == 0)
		return read_routed(request, asked);
	return refuse(request, "invalid", "mode: bridged or routed");
}

void answer_nic(struct request *request)
{
	struct link asked = { .there = true };
	struct guest *guest;
	uint32_t index;

	if (!read_nic(request, &asked, &index))
		return;
	guest = find_or_add_guest(request);
	if (!guest || !put_link_in_place(request, guest, &guest->links[index], &asked))
		return;
	say(request->peer, "%lu ok name=%s fd=%d", request->number, guest->links[index].name, descriptor_of(guest, &guest->links[index]));
}
