#ifndef SLIPWAY_DNSMASQ_H
#define SLIPWAY_DNSMASQ_H

#include "config.h"

#include <sys/types.h>

#define MAX_ARGUMENTS 64

/* How dnsmasq is run (design: machine, "System mode"). */
struct dnsmasq {
	char hosts[256], leases[256];
	uid_t uid;
	gid_t gid;
	char *arguments[MAX_ARGUMENTS];
	size_t count;
};

bool find_dnsmasq_user(struct dnsmasq *server);
void configure_dnsmasq(struct dnsmasq *server, const struct config *config);
/* Lets dnsmasq itself judge the arguments; false after it has said on stderr which it doesn't know. */
bool try_dnsmasq(struct dnsmasq *server, const struct config *config);
/* Starts it as its user, with the three capabilities that it needs; it dies with us. */
pid_t run_dnsmasq(const struct dnsmasq *server);

#endif
