#define _GNU_SOURCE
#include "sysctls.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct setting {
	int family; /* 4 or 6 */
	const char *name, *channel, *bridged, *routed; /* NULL: left as it is */
};

static const struct setting settings[] = {
	/* Answers only for addresses of this interface, and asks with one of them. */
	{ 4, "arp_ignore", "1", "8", "1" },
	{ 4, "arp_announce", "2", "2", "2" },
	{ 4, "arp_accept", "0", "0", "0" },
	/* Routed guests of one network take each other for neighbours: the host answers for what it routes elsewhere. */
	{ 4, "proxy_arp", "0", "0", "1" },
	{ 4, "accept_redirects", "0", "0", "0" },
	{ 4, "send_redirects", "0", "0", "0" },
	{ 4, "accept_source_route", "0", "0", "0" },
	{ 4, "route_localnet", "0", "0", "0" },
	/* The rules compare address and interface of every packet; beside them, for the day that they are not there. */
	{ 4, "rp_filter", "1", "0", "0" },
	{ 4, "forwarding", "0", "0", "1" },
	{ 6, "disable_ipv6", "0", "1", "0" },
	{ 6, "accept_ra", "0", "0", "0" },
	{ 6, "autoconf", "0", "0", "0" },
	/* No address of the kernel's own making, no waiting for a claim by the guest. */
	{ 6, "addr_gen_mode", "1", "1", "1" },
	{ 6, "accept_dad", "0", "0", "0" },
	{ 6, "dad_transmits", "0", "0", "0" },
	{ 6, "accept_redirects", "0", "0", "0" },
	{ 6, "accept_source_route", "0", "0", "0" },
	{ 6, "forwarding", "0", "0", "1" },
	{ 6, "proxy_ndp", "0", "0", "1" },
};

static bool write_setting(const char *interface, const struct setting *setting, const char *value)
{
	char path[160];
	int fd;
	bool fine;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv%d/conf/%s/%s", setting->family, interface, setting->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	fine = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return fine;
}

bool host_has_ipv6(void)
{
	return access("/proc/sys/net/ipv6/conf/all", F_OK) == 0;
}

const char *set_sysctls(const struct link *link)
{
	bool ipv6 = host_has_ipv6();

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		const struct setting *s = &settings[i];
		const char *value = link->kind == KIND_CHANNEL ? s->channel : link->kind == KIND_BRIDGED ? s->bridged : s->routed;

		if (s->family == 6 && !ipv6)
			continue;
		if (!write_setting(link->name, s, value))
			return s->name;
	}
	return NULL;
}
