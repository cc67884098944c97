#define _GNU_SOURCE
#include "values.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool consists_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

const char *parse_words(char *text, struct words *words)
{
	char *at = text;

	words->count = 0;
	words->verb = strsep(&at, " ");
	if (!consists_of(words->verb, LOWER))
		return "the verb is missing or wrong";
	while (at) {
		char *key = strsep(&at, " "), *value = strchr(key, '=');

		if (!value)
			return "a key without a value, or a space too many";
		*value++ = '\0';
		if (!consists_of(key, LOWER DIGITS))
			return "a key is wrong";
		if (!consists_of(value, LOWER UPPER DIGITS "._:/,-"))
			return "a value is empty or holds what no value may";
		if (value_of(words, key))
			return "a key stands twice";
		if (words->count == MAX_PAIRS)
			return "too many keys";
		words->pairs[words->count].key = key;
		words->pairs[words->count++].value = value;
	}
	return NULL;
}

const char *value_of(const struct words *words, const char *key)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->pairs[i].key, key) == 0)
			return words->pairs[i].value;
	return NULL;
}

bool read_guest(const char *text, char out[MAX_KEY + 1])
{
	if (strlen(text) > MAX_KEY || !consists_of(text, LOWER DIGITS "-"))
		return false;
	strcpy(out, text);
	return true;
}

bool read_mac(const char *text, char out[18])
{
	unsigned char bytes[6];

	if (strlen(text) != 17)
		return false;
	for (int i = 0; i < 6; i++) {
		const char *at = text + 3 * i;
		char pair[3] = { at[0], at[1], '\0' };

		if (!consists_of(pair, DIGITS "abcdefABCDEF") || at[2] != (i == 5 ? '\0' : ':'))
			return false;
		bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	/* No group's address, and not the empty one. */
	if ((bytes[0] & 1) != 0 || memcmp(bytes, "\0\0\0\0\0\0", 6) == 0)
		return false;
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
	return true;
}

bool read_ipv4(const char *text, char out[16])
{
	struct in_addr address;
	uint32_t bits;

	if (!consists_of(text, DIGITS ".") || inet_pton(AF_INET, text, &address) != 1)
		return false;
	bits = ntohl(address.s_addr);
	/* This host, loopback, groups, the reserved rest. */
	if (bits >> 24 == 0 || bits >> 24 == 127 || bits >> 28 >= 0xe)
		return false;
	return inet_ntop(AF_INET, &address, out, 16) != NULL;
}

bool read_ipv6(const char *text, char out[46])
{
	struct in6_addr address;

	if (!consists_of(text, DIGITS "abcdefABCDEF:") || inet_pton(AF_INET6, text, &address) != 1)
		return false;
	if (IN6_IS_ADDR_MULTICAST(&address) || IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address) ||
	    IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address))
		return false;
	return inet_ntop(AF_INET6, &address, out, 46) != NULL;
}

bool is_link_local6(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, text, &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

bool read_router6(const char *text, char out[46])
{
	struct in6_addr address;

	if (!is_link_local6(text))
		return read_ipv6(text, out);
	inet_pton(AF_INET6, text, &address);
	return inet_ntop(AF_INET6, &address, out, 46) != NULL;
}

bool read_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
	unsigned long long number;

	if (!consists_of(text, DIGITS) || strlen(text) > 10 || (text[0] == '0' && text[1] != '\0'))
		return false;
	number = strtoull(text, NULL, 10);
	if (number < least || number > most)
		return false;
	*out = (uint32_t)number;
	return true;
}

bool read_link(const char *text, char out[16])
{
	if (strlen(text) > 15 || !consists_of(text, LOWER UPPER DIGITS "._-") || strchr("._-", text[0]))
		return false;
	strcpy(out, text);
	return true;
}

bool read_service(const char *text, bool *udp, uint16_t *port)
{
	uint32_t number;

	if (strncmp(text, "tcp:", 4) != 0 && strncmp(text, "udp:", 4) != 0)
		return false;
	if (!read_number(text + 4, 1, 65535, &number))
		return false;
	*udp = text[0] == 'u';
	*port = (uint16_t)number;
	return true;
}

bool read_network(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	struct in_addr base, mask;
	uint32_t length;
	char address[16];

	if (!slash || slash - text > 15)
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	/* Smaller than /30 holds no guest; larger than /8 is no network of one cluster. */
	if (!read_ipv4(address, out->base) || !read_number(slash + 1, 8, 30, &length))
		return false;
	out->bits = 0xffffffffu << (32 - length);
	inet_pton(AF_INET, address, &base);
	out->first = ntohl(base.s_addr);
	mask.s_addr = htonl(out->bits);
	inet_ntop(AF_INET, &mask, out->mask, sizeof(out->mask));
	return (out->first & ~out->bits) == 0;
}

bool is_in_network(const struct network *network, const char *ip)
{
	struct in_addr address;
	uint32_t bits;

	if (inet_pton(AF_INET, ip, &address) != 1)
		return false;
	bits = ntohl(address.s_addr);
	/* The first and the last address are nobody's. */
	return (bits & network->bits) == network->first && bits != network->first && bits != (network->first | ~network->bits);
}

/* Shorter ones are no network of one host or cluster. */
#define MIN_PREFIX 8

static bool is_clear(const unsigned char *bytes, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		if (bytes[i / 8] & (0x80 >> i % 8))
			return false;
	return true;
}

bool read_prefix(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	char address[46], canonical[46];
	uint32_t bits;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	out->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	bits = out->family == AF_INET6 ? 128 : 32;
	if (!(out->family == AF_INET6 ? read_ipv6 : read_ipv4)(address, canonical) || !read_number(slash + 1, MIN_PREFIX, bits, &out->length))
		return false;
	memset(out->bytes, 0, sizeof(out->bytes));
	inet_pton(out->family, canonical, out->bytes);
	return is_clear(out->bytes, out->length, bits);
}

bool is_in_prefix(const struct prefix *prefix, const char *address)
{
	unsigned char bytes[16];

	if (inet_pton(prefix->family, address, bytes) != 1)
		return false;
	for (uint32_t i = 0; i < prefix->length / 8; i++)
		bytes[i] ^= prefix->bytes[i];
	if (prefix->length % 8)
		bytes[prefix->length / 8] ^= prefix->bytes[prefix->length / 8];
	return is_clear(bytes, 0, prefix->length);
}

bool read_network6(const char *text, char out[50])
{
	struct prefix prefix;
	char address[46];

	if (!read_prefix(text, &prefix) || prefix.family != AF_INET6)
		return false;
	inet_ntop(AF_INET6, prefix.bytes, address, sizeof(address));
	snprintf(out, 50, "%s/%u", address, prefix.length);
	return true;
}
