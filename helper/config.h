#ifndef SLIPWAY_CONFIG_H
#define SLIPWAY_CONFIG_H

#include "values.h"

#include <sys/types.h>

#define MAX_BRIDGES 32
#define MAX_NETWORKS 8
#define MAX_ROUTED 32
#define MAX_SERVICES 32
#define MAX_GROUPS 32

struct service {
	bool udp;
	uint16_t port;
};

/* Trusted scripts of OS definitions on this host. */
struct script_rules {
	bool allowed;
	uid_t uid;
	gid_t gid;
	int group_count;
	gid_t groups[MAX_GROUPS];
	bool needs_limits; /* no script where the kernel can't hold it to the three below */
	uint32_t memory_mib, processes, cpu_percent; /* of one processor */
	uint32_t seconds; /* at most, whatever the agent says */
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
	struct script_rules scripts;
};

/* False after saying on stderr which key of the file is wrong, and why. */
bool read_config(const char *path, struct config *config);

#endif
