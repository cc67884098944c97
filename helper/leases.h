#ifndef SLIPWAY_LEASES_H
#define SLIPWAY_LEASES_H

#include "guests.h"

#include <sys/types.h>

/* dnsmasq, which hands out the channels' addresses: our child, which doesn't outlive us. */

/* Looks whether the installed dnsmasq can do what is needed; says on stderr what it can't. `folder`: its own, below the run folder. */
bool check_leases(const struct config *config, const char *folder);

/* What is recorded, in the folder that dnsmasq watches, and dnsmasq itself. */
bool start_leases(const struct config *config);

/* Approves the pair of a channel; at once. */
bool approve_lease(const struct link *link);
/* Takes the approval back, and what was handed out. */
void withdraw_lease(const struct link *link);
/*
 * Before a guest starts: DHCPv6 knows a client by an identity that a guest which was installed anew doesn't have any more, and holds the
 * address for the old one until its lease ends. So that lease goes.
 */
void forget_lease6(const struct link *link);

/* True where this child was dnsmasq: it has ended. */
bool leases_ended(pid_t pid, int status);
/* Starts it again when it is time to; true where it did. Milliseconds of the monotonic clock. */
bool tend_leases(long long now);
/* When tend_leases has something to do, or -1. */
long long leases_due(void);

#endif
