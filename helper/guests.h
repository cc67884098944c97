#ifndef SLIPWAY_GUESTS_H
#define SLIPWAY_GUESTS_H

#include "config.h"

#include <net/if.h>
#include <time.h>

#define MAX_GUESTS 4096
#define MAX_NICS 16
#define CHANNEL MAX_NICS /* the channel's place: after all NICs */
#define LINKS (MAX_NICS + 1)
#define MAX_OPENED 8
#define FIRST_DESCRIPTOR 10

enum kind { KIND_CHANNEL, KIND_BRIDGED, KIND_ROUTED };

/* What a guest is told off for (PROTOCOL.md, `refused`). */
enum refusal { REFUSED_SOURCE = 1, REFUSED_ARP, REFUSED_DHCP, REFUSED_PORT, REFUSED_FLOOD, REFUSED_NEIGHBOUR, REFUSALS };

/* One link of a guest to its host. Addresses are in canonical form; empty where there is none. */
struct link {
	bool there;
	enum kind kind;
	char name[IFNAMSIZ];
	char mac[18], ip[16], ip6[46], gateway[16], gateway6[46];
	char ip6net[50]; /* bridged: every address of it may be used, but for gateway6 */
	char via[16]; /* bridged: the bridge; routed: the table's number, or empty for the main one */
	/* From here on nothing is written to the state: it is found out again or asked for again. */
	int ifindex; /* 0: the interface doesn't exist */
	uint16_t port, port6;
	unsigned long long ports_of; /* the connection that asked for them */
	size_t opened_count;
	struct service opened[MAX_OPENED]; /* by a hook */
	time_t told[REFUSALS];
};

struct guest {
	char key[MAX_KEY + 1];
	bool opening;
	struct link links[LINKS];
	struct guest *next;
};

extern struct guest *guests;

struct guest *find_guest(const char *key);
/* NULL: no more fit. */
struct guest *add_guest(const char *key);
void forget_guest(struct guest *guest);
/* Which guest has this interface, and which of its links that is. */
struct guest *guest_of_interface(int ifindex, struct link **link);
struct guest *guest_of_name(const char *name, struct link **link);

/* The lowest number that is neither recorded nor a name of an interface that is there. */
bool choose_name(struct link *link);
/* Which descriptor the launcher gives this link. */
int descriptor_of(const struct guest *guest, const struct link *link);

/* The state is a file a guest, replaced whole. False: it couldn't be written. */
bool save_guest(const struct guest *guest);
/* False where a file is there that can't be read; it is named in the log. */
bool load_guests(void);
extern char state_folder[256];

#endif
