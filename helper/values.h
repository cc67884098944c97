#ifndef SLIPWAY_VALUES_H
#define SLIPWAY_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_PAIRS 16
#define MAX_KEY 64

/* `VERB key=value …`, taken apart in place. */
struct words {
	const char *verb;
	size_t count;
	struct {
		const char *key, *value;
	} pairs[MAX_PAIRS];
};

/* NULL, or a sentence that says what is wrong; `text` is changed, and has to live as long as `words`. */
const char *parse_words(char *text, struct words *words);

/* The value, or NULL where the key doesn't stand there. */
const char *value_of(const struct words *words, const char *key);

/* Each of these takes one value from outside, and writes it in its one canonical form. False: it isn't one. */
bool read_guest(const char *text, char out[MAX_KEY + 1]);
bool read_mac(const char *text, char out[18]);
bool read_ipv4(const char *text, char out[16]);
bool read_ipv6(const char *text, char out[46]);
bool read_number(const char *text, uint32_t least, uint32_t most, uint32_t *out);
/* A name of an interface, as lib/domain/network.ts has it. */
bool read_link(const char *text, char out[16]);
/* `tcp:80`, `udp:53` */
bool read_service(const char *text, bool *udp, uint16_t *port);

struct network {
	char base[16];
	char mask[16];
	uint32_t first, bits; /* host byte order */
};

bool read_network(const char *text, struct network *out);
bool is_in_network(const struct network *network, const char *ip);

/* A network of either family, its ends included. */
struct prefix {
	int family;
	uint32_t length;
	unsigned char bytes[16];
};

bool read_prefix(const char *text, struct prefix *out);
bool is_in_prefix(const struct prefix *prefix, const char *address);
/* An IPv6 network such as 2001:db8::/64, as text. */
bool read_network6(const char *text, char out[50]);
bool is_link_local6(const char *address);
/* A router's address: as guests are mostly told, that may be one of the link alone. */
bool read_router6(const char *text, char out[46]);

#endif
