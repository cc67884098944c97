/* `channel`: approves the pair of a guest on its communication channel (design: metadata, "The channel"). */
#define _GNU_SOURCE
#include "requests.h"

#include "rule-templates.h"
#include "rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool is_in_channel_networks(const char *ip)
{
	for (size_t i = 0; i < configuration->network_count; i++)
		if (is_in_network(&configuration->networks[i], ip))
			return true;
	return false;
}

static bool is_in_channel_network6(const char *ip6)
{
	struct in6_addr address, network;

	return inet_pton(AF_INET6, ip6, &address) == 1 && inet_pton(AF_INET6, CHANNEL_SUBNET6, &network) == 1 &&
	       memcmp(&address, &network, 8) == 0 && memcmp(&address, &network, 16) != 0 && strcmp(ip6, HOST_ADDRESS6) != 0;
}

/* 0 leads nowhere. No other below 1024: the agent has none, and a guest must not be led to what others serve there. */
static bool read_port(const struct request *request, const char *key, uint16_t *port)
{
	const char *value = value_of(&request->words, key);
	uint32_t number;

	if (!value || !read_number(value, 0, 65535, &number) || (number > 0 && number < 1024))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool read_channel(const struct request *request, struct link *asked, uint16_t *port, uint16_t *port6)
{
	const char *mac = value_of(&request->words, "mac"), *ip = value_of(&request->words, "ip"), *ip6 = value_of(&request->words, "ip6");

	if (!mac || !read_mac(mac, asked->mac))
		return refuse(request, "invalid", "mac: missing or not a hardware address");
	if (!ip || !read_ipv4(ip, asked->ip) || strcmp(asked->ip, HOST_ADDRESS) == 0)
		return refuse(request, "invalid", "ip: missing or not an address of a guest");
	if (!ip6 || !read_ipv6(ip6, asked->ip6) || !is_in_channel_network6(asked->ip6))
		return refuse(request, "invalid", "ip6: missing or not a guest's address in " CHANNEL_SUBNET6 "/64");
	if (!read_port(request, "port", port))
		return refuse(request, "invalid", "port: missing, or neither 0 nor from 1024 to 65535");
	if (!read_port(request, "port6", port6))
		return refuse(request, "invalid", "port6: missing, or neither 0 nor from 1024 to 65535");
	if (!is_in_channel_networks(asked->ip))
		return refuse(request, "not_allowed", "ip: in none of the channel_networks of this host");
	return true;
}

void answer_channel(struct request *request)
{
	struct link asked = { .there = true, .kind = KIND_CHANNEL }, *place;
	uint16_t port = 0, port6 = 0;
	struct guest *guest;

	if (!read_channel(request, &asked, &port, &port6))
		return;
	guest = find_or_add_guest(request);
	if (!guest)
		return;
	place = &guest->links[CHANNEL];
	if (!put_link_in_place(request, guest, place, &asked))
		return;
	if (!lead_ports(place, port, port6) && !install_rules(configuration)) {
		refuse(request, "failed", "the rules can't be written");
		return;
	}
	place->ports_of = request->peer->id;
	say(request->peer, "%lu ok name=%s fd=%d", request->number, place->name, descriptor_of(guest, place));
}
