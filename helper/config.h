#ifndef SLIPWAY_CONFIG_H
#define SLIPWAY_CONFIG_H

#include "values.h"

#include <sys/types.h>

#define MAX_BRIDGES 32
#define MAX_NETWORKS 8
#define MAX_ROUTED 32
#define MAX_SERVICES 32

struct service {
	bool udp;
	uint16_t port;
};

/* The administrator's file. Read once, at start. */
struct config {
	char agent_user[33];
	uid_t agent_uid;
	gid_t agent_gid;
	size_t bridge_count;
	char bridges[MAX_BRIDGES][16];
	size_t routed_count; /* 0: there are no routed interfaces */
	struct prefix routed[MAX_ROUTED];
	size_t network_count;
	struct network networks[MAX_NETWORKS];
	char channel_networks[256]; /* as written, for `hello` */
	size_t service_count;
	struct service services[MAX_SERVICES];
	char hooks[256];
};

/* False after saying on stderr which key of the file is wrong, and why. */
bool read_config(const char *path, struct config *config);

#endif
