#ifndef SLIPWAY_NETLINK_H
#define SLIPWAY_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the helper asks of the kernel over rtnetlink. Addresses are text in canonical form, of either family. Each waits for the kernel's
 * answer; false with errno set where it says no.
 */
bool netlink_start(void);

bool set_link(int ifindex, const char *mac, uint32_t mtu, int bridge, bool up);
bool delete_link(int ifindex);
/* 0: no such interface */
uint32_t link_mtu(int ifindex);

enum scope { SCOPE_GLOBAL, SCOPE_LINK, SCOPE_HOST };

/* It makes no route but a link-local network's. The narrower its scope, the less the kernel takes it to send from of its own accord. */
bool add_address(int ifindex, const char *address, int length, enum scope scope);
bool add_host_route(int ifindex, const char *address, uint32_t table, const char *source);
/* The gateway's address answered for on this interface, without being the host's own. */
bool add_proxy(int ifindex, const char *address);

/*
 * A rule for what comes in by this interface: to which table it goes, or NO_TABLE: that there is no way. `to`: for what goes to that
 * address alone, or NULL. The kernel puts each before all that are there but the host's own addresses.
 */
#define NO_TABLE 0
bool add_table_rule(const char *name, int family, uint32_t table, const char *to);
/* Its rules; of all interfaces whose name begins so where there is a dot at the end. */
void delete_table_rules(const char *wanted);

enum reach { REACH_NONE, REACH_LOCAL, REACH_ELSEWHERE };

/* Where the host would send to this address. */
enum reach find_reach(const char *address);

/* Calls `visit` for every interface. */
void each_link(void (*visit)(int ifindex, const char *name));

/* A socket that hears of interfaces that go; read with next_gone. -1: failed */
int watch_links(void);
/* An interface that has gone, 0 for nothing more, -1 where messages were lost. */
int next_gone(int fd);

#endif
