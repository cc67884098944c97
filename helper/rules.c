#define _GNU_SOURCE
#include "rules.h"

#include "log.h"
#include "rule-templates.h"

#include <arpa/inet.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct nft_ctx *context;

/* libnftables speaks of its own accord to stdout and stderr unless it is told to keep it. */
static struct nft_ctx *new_context(void)
{
	struct nft_ctx *fresh = nft_ctx_new(NFT_CTX_DEFAULT);

	if (fresh && (nft_ctx_buffer_output(fresh) != 0 || nft_ctx_buffer_error(fresh) != 0)) {
		nft_ctx_free(fresh);
		return NULL;
	}
	return fresh;
}

static bool run(struct nft_ctx *with, const char *step, const char *text)
{
	char why[256];

	if (with && nft_run_cmd_from_buffer(with, text) == 0)
		return true;
	/* Only our own templates and values in canonical form are in the text. */
	snprintf(why, sizeof(why), "%.200s", with ? nft_ctx_get_error_buffer(with) : "no memory");
	log_fact("failed", "step", step, "why", why, NULL);
	return false;
}

bool install_guard(void)
{
	/* Never freed: the tables live as long as its socket. */
	return run(new_context(), "guard", guard_template);
}

/* `a . b . c` of a set, NULL where there are fewer; `data`: what it leads to in a map. */
static void put_element(FILE *text, const char *verb, const char *set, const char *a, const char *b, const char *c, const char *data)
{
	fprintf(text, "%s element %s { \"%s\"", verb, set, a);
	if (b)
		fprintf(text, " . %s", b);
	if (c)
		fprintf(text, " . %s", c);
	fprintf(text, "%s }\n", data);
}

static const char *hex_of_mac(const char *mac, char out[16])
{
	snprintf(out, 16, "0x%.2s%.2s%.2s%.2s%.2s%.2s", mac, mac + 3, mac + 6, mac + 9, mac + 12, mac + 15);
	return out;
}

static const char *hex_of_ip6(const char *ip6, char out[40])
{
	unsigned char bytes[16];

	inet_pton(AF_INET6, ip6, bytes);
	strcpy(out, "0x");
	for (int i = 0; i < 16; i++)
		snprintf(out + 2 + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

/* From its first address to its last. */
static const char *hex_of_network6(const char *network, char out[80])
{
	struct prefix prefix;
	int at = 0;

	read_prefix(network, &prefix);
	for (int last = 0; last < 2; last++) {
		at += sprintf(out + at, last ? "-0x" : "0x");
		for (uint32_t i = 0; i < 16; i++) {
			uint32_t fixed = prefix.length > 8 * i ? prefix.length - 8 * i : 0;
			unsigned rest = last && fixed < 8 ? 0xffu >> fixed : 0;

			at += sprintf(out + at, "%02x", prefix.bytes[i] | rest);
		}
	}
	return out;
}

static void put_bridged(FILE *text, const char *verb, const struct link *link)
{
	char hex[40], range[80];

	put_element(text, verb, "bridge slipway macs", link->name, link->mac, NULL, "");
	/* With an address of one family it has none of the other but those of ip6net. */
	if (*link->ip || *link->ip6)
		put_element(text, verb, "bridge slipway held", link->name, NULL, NULL, "");
	if (*link->ip)
		put_element(text, verb, "bridge slipway pairs4", link->name, link->ip, NULL, "");
	if (*link->ip6) {
		put_element(text, verb, "bridge slipway pairs6", link->name, link->ip6, NULL, "");
		put_element(text, verb, "bridge slipway targets", link->name, hex_of_ip6(link->ip6, hex), NULL, "");
	}
	if (*link->ip6net) {
		put_element(text, verb, "bridge slipway nets6", link->name, link->ip6net, NULL, "");
		put_element(text, verb, "bridge slipway target_nets", link->name, hex_of_network6(link->ip6net, range), NULL, "");
	}
	if (*link->gateway6) {
		put_element(text, verb, "bridge slipway routers", link->name, link->gateway6, NULL, "");
		put_element(text, verb, "bridge slipway router_targets", link->name, hex_of_ip6(link->gateway6, hex), NULL, "");
	}
}

static void put_link(FILE *text, const char *verb, const struct link *link)
{
	char hex[40];

	if (link->kind == KIND_BRIDGED) {
		put_bridged(text, verb, link);
		return;
	}
	put_element(text, verb, "inet slipway macs", link->name, link->mac, NULL, "");
	put_element(text, verb, "inet slipway pairs4", link->name, link->mac, link->ip, "");
	put_element(text, verb, "arp slipway pairs4", link->name, link->mac, link->ip, "");
	if (*link->ip6) {
		put_element(text, verb, "inet slipway pairs6", link->name, link->mac, link->ip6, "");
		put_element(text, verb, "inet slipway targets", link->name, hex_of_ip6(link->ip6, hex), NULL, "");
	}
	if (link->kind == KIND_CHANNEL)
		put_element(text, verb, "inet slipway clients", link->name, hex_of_mac(link->mac, hex), NULL, "");
}

static void put_opened(FILE *text, const char *verb, const struct link *link, const struct service *service)
{
	char port[8];

	snprintf(port, sizeof(port), "%u", service->port);
	put_element(text, verb, "inet slipway opened", link->name, service->udp ? "udp" : "tcp", port, "");
}

static void put_port(FILE *text, const char *verb, const char *map, const struct link *link, const char *host, uint16_t port)
{
	char data[80];

	snprintf(data, sizeof(data), " : %s . %u", host, port);
	if (port)
		put_element(text, verb, map, link->name, NULL, NULL, data);
}

static void put_ports(FILE *text, const char *verb, const struct link *link)
{
	put_port(text, verb, "inet slipway ports4", link, HOST_ADDRESS, link->port);
	put_port(text, verb, "inet slipway ports6", link, HOST_ADDRESS6, link->port6);
}

static bool finish(FILE *file, char **text, const char *step)
{
	bool fine = fclose(file) == 0 && run(context, step, *text);

	free(*text);
	return fine;
}

/* Some kernels are built without them: asked once, with a transaction that is only checked. What fails then is said in the log. */
static bool has_timeouts(void)
{
	static int known = -1;

	if (known < 0) {
		nft_ctx_set_dry_run(context, true);
		known = run(context, "connection timeouts", "table inet slipway_asked {\n\tct timeout t {\n\t\tprotocol tcp\n\t\tl3proto ip\n\t\tpolicy = { time_wait : 5 }\n\t}\n}\n");
		nft_ctx_set_dry_run(context, false);
	}
	return known;
}

bool install_rules(const struct config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file || (!context && !(context = new_context())))
		return false;
	fputs(main_template, file);
	if (has_timeouts())
		fputs(timeouts_template, file);
	fputs(arp_template, file);
	fputs(bridge_template, file);
	for (size_t i = 0; i < config->service_count; i++)
		fprintf(file, "add element inet slipway open { %s . %u }\n", config->services[i].udp ? "udp" : "tcp", config->services[i].port);
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++) {
			const struct link *link = &g->links[i];

			if (!link->there)
				continue;
			put_link(file, "add", link);
			put_ports(file, "add", link);
			for (size_t j = 0; j < link->opened_count; j++)
				put_opened(file, "add", link, &link->opened[j]);
		}
	return finish(file, &text, "rules");
}

bool allow_link(const struct link *link)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return false;
	put_link(file, "add", link);
	return finish(file, &text, "rules");
}

bool disallow_link(const struct link *link)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return false;
	/* Adding what is there changes nothing, and deleting what isn't there fails: so both, in one transaction. */
	put_link(file, "add", link);
	put_link(file, "delete", link);
	put_ports(file, "add", link);
	put_ports(file, "delete", link);
	for (size_t i = 0; i < link->opened_count; i++) {
		put_opened(file, "add", link, &link->opened[i]);
		put_opened(file, "delete", link, &link->opened[i]);
	}
	return finish(file, &text, "rules");
}

bool lead_ports(struct link *link, uint16_t port, uint16_t port6)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	if (link->port == port && link->port6 == port6)
		return true;
	file = open_memstream(&text, &size);
	if (!file)
		return false;
	put_ports(file, "add", link);
	put_ports(file, "delete", link);
	link->port = port;
	link->port6 = port6;
	put_ports(file, "add", link);
	return finish(file, &text, "rules");
}

bool open_for_link(const struct link *link, const struct service *service)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return false;
	put_opened(file, "add", link, service);
	return finish(file, &text, "rules");
}

bool close_services(struct link *link)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	if (link->opened_count == 0)
		return true;
	file = open_memstream(&text, &size);
	if (!file)
		return false;
	for (size_t i = 0; i < link->opened_count; i++) {
		put_opened(file, "add", link, &link->opened[i]);
		put_opened(file, "delete", link, &link->opened[i]);
	}
	link->opened_count = 0;
	return finish(file, &text, "rules");
}
