/* RFC 2131, as much as one lease takes: discover, request, set the address. */
#define _GNU_SOURCE
#include "boot.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTEMPTS 10
#define WAIT_MS 1000

enum message_type { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5 };
enum option { MASK = 1, REQUESTED = 50, TYPE = 53, SERVER = 54, END = 255 };

struct message {
	uint8_t op, hardware_type, hardware_length, hops;
	uint32_t id;
	uint16_t seconds, flags;
	uint32_t client, yours, next_server, relay;
	uint8_t hardware[16], server_name[64], file[128];
	uint8_t cookie[4];
	uint8_t options[312];
} __attribute__((packed));

struct lease {
	uint32_t address, mask, server;
};

static const uint8_t cookie[4] = { 99, 130, 83, 99 };

static bool send_message(int s, uint32_t id, const uint8_t *hardware, enum message_type type, const struct lease *offer)
{
	/* Asked to be broadcast, because an interface without address takes nothing else. */
	struct message m = { .op = 1, .hardware_type = 1, .hardware_length = 6, .id = id, .flags = htons(0x8000) };
	struct sockaddr_in all = { .sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = INADDR_BROADCAST };
	uint8_t *o = m.options;

	memcpy(m.hardware, hardware, 6);
	memcpy(m.cookie, cookie, sizeof(cookie));
	*o++ = TYPE;
	*o++ = 1;
	*o++ = (uint8_t)type;
	if (offer) {
		*o++ = REQUESTED;
		*o++ = 4;
		memcpy(o, &offer->address, 4);
		o += 4;
		*o++ = SERVER;
		*o++ = 4;
		memcpy(o, &offer->server, 4);
		o += 4;
	}
	*o = END;
	return sendto(s, &m, sizeof(m), 0, (struct sockaddr *)&all, sizeof(all)) == (ssize_t)sizeof(m);
}

static bool read_message(const struct message *m, ssize_t size, uint32_t id, enum message_type wanted, struct lease *lease)
{
	const uint8_t *o = m->options, *end = (const uint8_t *)m + size;
	int type = 0;

	if (size < (ssize_t)(sizeof(*m) - sizeof(m->options)) || m->op != 2 || m->id != id ||
	    memcmp(m->cookie, cookie, sizeof(cookie)) != 0)
		return false;
	lease->address = m->yours;
	lease->mask = htonl(0xffff0000);
	while (o < end && *o != END) {
		if (*o == 0) {
			o++;
			continue;
		}
		if (end - o < 2 || end - o < 2 + o[1])
			return false;
		if (*o == TYPE && o[1] == 1)
			type = o[2];
		else if (*o == MASK && o[1] == 4)
			memcpy(&lease->mask, o + 2, 4);
		else if (*o == SERVER && o[1] == 4)
			memcpy(&lease->server, o + 2, 4);
		o += 2 + o[1];
	}
	return type == (int)wanted;
}

static bool exchange(int s, uint32_t id, const uint8_t *hardware, enum message_type say, enum message_type wanted,
		     struct lease *lease)
{
	struct pollfd p = { .fd = s, .events = POLLIN };
	struct message m;

	if (!send_message(s, id, hardware, say, say == REQUEST ? lease : NULL))
		return false;
	while (poll(&p, 1, WAIT_MS) > 0) {
		struct lease answer = { 0 };

		if (read_message(&m, recv(s, &m, sizeof(m), 0), id, wanted, &answer)) {
			*lease = answer;
			return true;
		}
	}
	return false;
}

static void set_interface(int s, struct ifreq *request, unsigned long what, uint32_t address)
{
	struct sockaddr_in value = { .sin_family = AF_INET, .sin_addr.s_addr = address };

	memcpy(&request->ifr_addr, &value, sizeof(value));
	ioctl(s, what, request);
}

static bool bring_up(int s, const char *name)
{
	struct ifreq request = { 0 };

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(s, SIOCGIFFLAGS, &request) != 0)
		return false;
	request.ifr_flags |= IFF_UP;
	return ioctl(s, SIOCSIFFLAGS, &request) == 0;
}

bool get_address(const char *interface)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(68) };
	struct ifreq request = { 0 };
	struct lease lease;
	uint8_t hardware[6];
	bool good = false;

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	bring_up(s, "lo");
	if (s < 0 || !bring_up(s, interface) || ioctl(s, SIOCGIFHWADDR, &request) != 0)
		return false;
	memcpy(hardware, request.ifr_hwaddr.sa_data, sizeof(hardware));
	setsockopt(s, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface));
	if (bind(s, (struct sockaddr *)&here, sizeof(here)) != 0)
		return false;
	for (int attempt = 0; attempt < ATTEMPTS && !good; attempt++) {
		uint32_t id = 0;

		getrandom(&id, sizeof(id), GRND_INSECURE);
		good = exchange(s, id, hardware, DISCOVER, OFFER, &lease) && exchange(s, id, hardware, REQUEST, ACK, &lease);
	}
	if (good) {
		set_interface(s, &request, SIOCSIFADDR, lease.address);
		set_interface(s, &request, SIOCSIFNETMASK, lease.mask);
	}
	close(s);
	return good;
}
