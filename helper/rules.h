#ifndef SLIPWAY_RULES_H
#define SLIPWAY_RULES_H

#include "guests.h"

/* The NFLOG group over which the rules tell the helper what they refused. */
#define LOG_GROUP 1473

/*
 * The tables of nftables that hold guests to what is theirs (design: metadata, "The channel"; machine, "System mode"). README.md
 * says what each part is for.
 */

/*
 * The guard: what the main tables haven't passed is dropped, even while they are not there. The tables belong to the netlink socket that
 * made them, which every process forked later holds too: they stand as long as one of these lives.
 */
bool install_guard(void);

/* All main tables from the templates, in one transaction, with everything that the guests now have. */
bool install_rules(const struct config *config);

/* The elements of one link. Where the kernel says no, everything is installed again. */
bool allow_link(const struct link *link);
bool disallow_link(const struct link *link);
/* Where the guest's port 80 leads; 0: nowhere. Changes `link`. */
bool lead_ports(struct link *link, uint16_t port, uint16_t port6);
bool open_for_link(const struct link *link, const struct service *service);
/* Takes back what hooks opened. Changes `link`. */
bool close_services(struct link *link);

/* A socket that hears of changes to the rules. */
int watch_rules(void);
/* True where somebody else has taken something out of our tables since the last call. */
bool rules_were_touched(int fd);

/* A socket that hears what the rules refused. */
int watch_refusals(void);
/* False: nothing more. */
bool next_refusal(int fd, int *ifindex, enum refusal *refusal);

/* The protocol's word for it. */
const char *refusal_name(enum refusal refusal);

#endif
