/* Frames made by hand: other people's addresses, and answers that nobody asked for. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define FRAME_BYTES 2048

/* Where connections begin that the kernel knows nothing of; it takes none of these ports for its own. */
#define FIRST_PORT 10000
#define PORTS 10000

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct frame {
	uint8_t bytes[FRAME_BYTES];
	size_t length;
};

static int open_wire(void) {
	int wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = channel_index};
	if (wire < 0 || bind(wire, (struct sockaddr *)&address, sizeof address) != 0) {
		say("wire", "%s", strerror(errno));
		_exit(1);
	}
	return wire;
}

static void put(struct frame *frame, const void *bytes, size_t length) {
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void put16(struct frame *frame, unsigned value) {
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	put(frame, bytes, 2);
}

static void put32(struct frame *frame, uint32_t value) {
	put16(frame, value >> 16);
	put16(frame, value & 0xffff);
}

/* `-`: the guest's own. */
static void parse_mac(const char *text, uint8_t mac[6]) {
	memcpy(mac, channel_mac, 6);
	unsigned part[6];
	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &part[0], &part[1], &part[2], &part[3], &part[4], &part[5]) != 6) return;
	for (int i = 0; i < 6; i++) mac[i] = (uint8_t)part[i];
}

/* The host's MAC address, by an honest question from the given address; everybody's where none answers. */
static void find_host_mac(uint8_t mac[6]) {
	memcpy(mac, everybody, 6);
	FILE *table = fopen("/proc/net/arp", "r");
	char line[256], text[32];
	while (table && fgets(line, sizeof line, table)) {
		if (sscanf(line, "169.254.169.254 %*s %*s %31s", text) == 1 && strcmp(text, "00:00:00:00:00:00") != 0) parse_mac(text, mac);
	}
	if (table) fclose(table);
}

static void put_ethernet(struct frame *frame, const uint8_t source[6], unsigned type) {
	uint8_t host[6];
	find_host_mac(host);
	put(frame, host, 6);
	put(frame, source, 6);
	put16(frame, type);
}

static uint32_t sum(uint32_t total, const uint8_t *bytes, size_t length) {
	for (size_t i = 0; i < length; i++) total += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	return total;
}

static unsigned fold(uint32_t total) {
	while (total >> 16) total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

static void put_ip(struct frame *frame, uint32_t source, uint32_t target, int protocol, size_t payload) {
	size_t start = frame->length;
	put16(frame, 0x4500);
	put16(frame, (unsigned)(20 + payload));
	put32(frame, 0x00014000);
	put16(frame, (unsigned)(0x4000 | protocol));
	put16(frame, 0);
	put32(frame, source);
	put32(frame, target);
	unsigned check = fold(sum(0, frame->bytes + start, 20));
	frame->bytes[start + 10] = (uint8_t)(check >> 8);
	frame->bytes[start + 11] = (uint8_t)check;
}

static void put_syn(struct frame *frame, const uint8_t *pseudo, size_t pseudo_length, unsigned from_port, unsigned port) {
	size_t start = frame->length;
	put16(frame, from_port);
	put16(frame, port);
	put32(frame, 0x12345678);
	put32(frame, 0);
	put16(frame, 0x5002);
	put16(frame, 8192);
	put32(frame, 0);
	uint32_t total = sum(0, pseudo, pseudo_length);
	unsigned check = fold(sum(total + 6 + 20, frame->bytes + start, 20));
	frame->bytes[start + 16] = (uint8_t)(check >> 8);
	frame->bytes[start + 17] = (uint8_t)check;
}

static void transmit(int wire, const struct frame *frame) {
	if (send(wire, frame->bytes, frame->length, 0) < 0 && errno != ENOBUFS && errno != EAGAIN) say("wire", "%s", strerror(errno));
}

/* The next frame from somebody else within the time, its length; 0: none. */
static size_t receive(int wire, uint8_t *bytes, int64_t until) {
	for (;;) {
		int left = (int)((until - now_us()) / 1000);
		struct pollfd wait = {.fd = wire, .events = POLLIN};
		if (left <= 0 || poll(&wait, 1, left) != 1) return 0;
		struct sockaddr_ll from;
		socklen_t size = sizeof from;
		ssize_t got = recvfrom(wire, bytes, FRAME_BYTES, 0, (struct sockaddr *)&from, &size);
		if (got > 14 && from.sll_pkttype != PACKET_OUTGOING) return (size_t)got;
	}
}

static uint32_t parse_ip(const char *text) {
	struct in_addr address = {0};
	inet_pton(AF_INET, text, &address);
	return ntohl(address.s_addr);
}

static uint32_t read32(const uint8_t *bytes) {
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* syn MAC SOURCE TARGET PORT: a connection begun from another's address. Is it answered, here? */
void cmd_syn(const char *label, int argc, char **argv) {
	if (argc < 4) return;
	int wire = open_wire();
	uint8_t mac[6], bytes[FRAME_BYTES];
	parse_mac(argv[0], mac);
	uint32_t source = parse_ip(argv[1]), target = parse_ip(argv[2]);
	unsigned from_port = FIRST_PORT + (unsigned)getpid() % PORTS;
	for (int try = 0; try < 2; try++) {
		struct frame frame = {0}, pseudo = {0};
		put_ethernet(&frame, mac, ETH_P_IP);
		put_ip(&frame, source, target, 6, 20);
		put32(&pseudo, source);
		put32(&pseudo, target);
		put_syn(&frame, pseudo.bytes, 8, from_port, (unsigned)atoi(argv[3]));
		transmit(wire, &frame);
		int64_t until = now_us() + 700000;
		for (size_t got; (got = receive(wire, bytes, until)) > 0;) {
			/* TCP to that port, or a message of what went wrong. */
			int is_ip = got >= 54 && bytes[12] == 8 && bytes[13] == 0;
			if (!is_ip || read32(bytes + 26) != target || bytes[23] != 6) continue;
			if ((unsigned)(bytes[36] << 8 | bytes[37]) != from_port) continue;
			say(label, "answered flags=%02x", bytes[47]);
			close(wire);
			return;
		}
	}
	say(label, "silent");
	close(wire);
}

static int put_question6(struct frame *frame, const uint8_t mac[6], const char *source, const char *target, struct frame *pseudo, size_t payload, int protocol, int hops) {
	struct in6_addr from, to;
	if (inet_pton(AF_INET6, source, &from) != 1 || inet_pton(AF_INET6, target, &to) != 1) return -1;
	put_ethernet(frame, mac, ETH_P_IPV6);
	/* To a group the frame's own address follows from the group's. */
	if (to.s6_addr[0] == 0xff) {
		frame->bytes[0] = frame->bytes[1] = 0x33;
		memcpy(frame->bytes + 2, to.s6_addr + 12, 4);
	}
	put32(frame, 0x60000000);
	put16(frame, (unsigned)payload);
	put16(frame, (unsigned)(protocol << 8 | hops));
	put(frame, &from, 16);
	put(frame, &to, 16);
	put(pseudo, &from, 16);
	put(pseudo, &to, 16);
	return 0;
}

/* syn6 MAC SOURCE TARGET PORT */
void cmd_syn6(const char *label, int argc, char **argv) {
	if (argc < 4) return;
	int wire = open_wire();
	uint8_t mac[6], bytes[FRAME_BYTES];
	parse_mac(argv[0], mac);
	unsigned from_port = FIRST_PORT + (unsigned)getpid() % PORTS;
	for (int try = 0; try < 2; try++) {
		struct frame frame = {0}, pseudo = {0};
		if (put_question6(&frame, mac, argv[1], argv[2], &pseudo, 20, 6, 64) != 0) break;
		put_syn(&frame, pseudo.bytes, 32, from_port, (unsigned)atoi(argv[3]));
		transmit(wire, &frame);
		int64_t until = now_us() + 700000;
		for (size_t got; (got = receive(wire, bytes, until)) > 0;) {
			int is_ip = got >= 74 && bytes[12] == 0x86 && bytes[13] == 0xdd && bytes[20] == 6;
			if (!is_ip || (unsigned)(bytes[56] << 8 | bytes[57]) != from_port) continue;
			say(label, "answered flags=%02x", bytes[67]);
			close(wire);
			return;
		}
	}
	say(label, "silent");
	close(wire);
}

/* neighbour6 KIND CLAIMED TARGET: says to TARGET that CLAIMED is here (advert), or that there is a router (router). */
void cmd_neighbour6(const char *label, int argc, char **argv) {
	if (argc < 3) return;
	int wire = open_wire();
	int is_router = strcmp(argv[0], "router") == 0;
	struct in6_addr claimed;
	inet_pton(AF_INET6, argv[1], &claimed);
	size_t payload = is_router ? 16 + 8 : 24 + 8;
	for (int i = 0; i < 20; i++) {
		struct frame frame = {0}, pseudo = {0};
		if (put_question6(&frame, channel_mac, argv[1], argv[2], &pseudo, payload, 58, 255) != 0) break;
		size_t start = frame.length;
		put16(&frame, is_router ? 0x8600 : 0x8800);
		put16(&frame, 0);
		if (is_router) {
			put32(&frame, 0x40000708);
			put32(&frame, 0);
			put32(&frame, 0);
		} else {
			put32(&frame, 0xa0000000);
			put(&frame, &claimed, 16);
		}
		put16(&frame, is_router ? 0x0101 : 0x0201);
		put(&frame, channel_mac, 6);
		unsigned check = fold(sum(sum(0, pseudo.bytes, 32) + 58 + (uint32_t)payload, frame.bytes + start, payload));
		frame.bytes[start + 2] = (uint8_t)(check >> 8);
		frame.bytes[start + 3] = (uint8_t)check;
		transmit(wire, &frame);
		usleep(20000);
	}
	say(label, "said");
	close(wire);
}

/* arp MAC CLAIMED TARGET [answer]: asks who has TARGET as CLAIMED, or answers without being asked. Does anybody take it up? */
void cmd_arp(const char *label, int argc, char **argv) {
	if (argc < 3) return;
	int wire = open_wire();
	uint8_t mac[6], bytes[FRAME_BYTES];
	parse_mac(argv[0], mac);
	uint32_t claimed = parse_ip(argv[1]), target = parse_ip(argv[2]);
	int is_answer = argc > 3;
	for (int try = 0; try < 5; try++) {
		struct frame frame = {0};
		put(&frame, everybody, 6);
		put(&frame, mac, 6);
		put16(&frame, ETH_P_ARP);
		put32(&frame, 0x00010800);
		put16(&frame, 0x0604);
		put16(&frame, is_answer ? 2 : 1);
		put(&frame, mac, 6);
		put32(&frame, claimed);
		put(&frame, is_answer ? everybody : (const uint8_t[6]){0}, 6);
		put32(&frame, target);
		transmit(wire, &frame);
		int64_t until = now_us() + 300000;
		for (size_t got; (got = receive(wire, bytes, until)) > 0;) {
			if (got < 42 || bytes[12] != 8 || bytes[13] != 6 || bytes[21] != 2 || read32(bytes + 28) != target || read32(bytes + 38) != claimed) continue;
			say(label, "answered");
			close(wire);
			return;
		}
	}
	say(label, "silent");
	close(wire);
}

static void put_discover(struct frame *frame, const uint8_t mac[6], const uint8_t client[6], uint32_t number) {
	static const uint8_t options[] = {99, 130, 83, 99, 53, 1, 1, 55, 3, 1, 3, 6, 255};
	uint8_t body[300] = {1, 1, 6, 0};
	for (int i = 0; i < 4; i++) body[4 + i] = (uint8_t)(number >> (24 - 8 * i));
	/* The answer is to go to everybody. */
	body[10] = 0x80;
	memcpy(body + 28, client, 6);
	memcpy(body + 236, options, sizeof options);
	put(frame, everybody, 6);
	put(frame, mac, 6);
	put16(frame, ETH_P_IP);
	put_ip(frame, 0, 0xffffffff, 17, 8 + sizeof body);
	put16(frame, 68);
	put16(frame, 67);
	put16(frame, 8 + sizeof body);
	put16(frame, 0);
	put(frame, body, sizeof body);
}

static int is_offer(const uint8_t *bytes, size_t length) {
	return length >= 62 && bytes[12] == 8 && bytes[13] == 0 && bytes[23] == 17 && bytes[34] == 0 && bytes[35] == 67 && bytes[42] == 2;
}

/* lease MAC CLIENT: asks for an address: MAC in the frame's head, CLIENT in the question. */
void cmd_lease(const char *label, int argc, char **argv) {
	if (argc < 2) return;
	int wire = open_wire();
	uint8_t mac[6], client[6], bytes[FRAME_BYTES];
	parse_mac(argv[0], mac);
	parse_mac(argv[1], client);
	for (int try = 0; try < 3; try++) {
		struct frame frame = {0};
		put_discover(&frame, mac, client, (uint32_t)now_us());
		transmit(wire, &frame);
		int64_t until = now_us() + 1500000;
		for (size_t got; (got = receive(wire, bytes, until)) > 0;) {
			if (!is_offer(bytes, got)) continue;
			say(label, "offered %d.%d.%d.%d", bytes[58], bytes[59], bytes[60], bytes[61]);
			close(wire);
			return;
		}
	}
	say(label, "silent");
	close(wire);
}

/* dhcp-flood SECONDS: asks as quickly as it can, each time as somebody else. */
void cmd_dhcp_flood(const char *label, int argc, char **argv) {
	if (argc < 1) return;
	int wire = open_wire();
	uint8_t bytes[FRAME_BYTES];
	long sent = 0, offers = 0;
	for (int64_t end = now_us() + (int64_t)(atof(argv[0]) * 1e6); now_us() < end; sent++) {
		uint8_t client[6] = {2};
		uint32_t number = (uint32_t)rand();
		memcpy(client + 2, &number, 4);
		struct frame frame = {0};
		put_discover(&frame, sent % 2 ? client : channel_mac, client, number);
		transmit(wire, &frame);
		if (sent % 64 == 0) {
			for (size_t got; (got = receive(wire, bytes, now_us() + 1000)) > 0;) offers += is_offer(bytes, got);
		}
	}
	say(label, "sent=%ld offers=%ld", sent, offers);
	close(wire);
}

/* syn-flood SECONDS SOURCE TARGET PORT: begins connections and never ends them; `any` as SOURCE: another each time. */
void cmd_syn_flood(const char *label, int argc, char **argv) {
	if (argc < 4) return;
	int wire = open_wire();
	uint32_t target = parse_ip(argv[2]);
	long sent = 0;
	for (int64_t end = now_us() + (int64_t)(atof(argv[0]) * 1e6); now_us() < end; sent++) {
		uint32_t source = strcmp(argv[1], "any") == 0 ? 0xa9fe0000 | (uint32_t)(rand() & 0xffff) : parse_ip(argv[1]);
		struct frame frame = {0}, pseudo = {0};
		put_ethernet(&frame, channel_mac, ETH_P_IP);
		put_ip(&frame, source, target, 6, 20);
		put32(&pseudo, source);
		put32(&pseudo, target);
		put_syn(&frame, pseudo.bytes, 8, 1024 + (unsigned)rand() % 60000, (unsigned)atoi(argv[3]));
		transmit(wire, &frame);
	}
	say(label, "sent=%ld", sent);
	close(wire);
}

/* An answer to a connection that a guest began by hand, in another's name perhaps: its port; 0: it is none. */
static unsigned port_of_answer(const uint8_t *bytes, size_t length) {
	unsigned port = 0;
	if (length >= 54 && bytes[12] == 8 && bytes[13] == 0 && bytes[23] == 6) port = (unsigned)(bytes[36] << 8 | bytes[37]);
	if (length >= 74 && bytes[12] == 0x86 && bytes[13] == 0xdd && bytes[20] == 6) port = (unsigned)(bytes[56] << 8 | bytes[57]);
	return port >= FIRST_PORT && port < FIRST_PORT + PORTS ? port : 0;
}

/* watch HOST OWN: says of each frame that comes from anybody but its host, or answers what another began; the first ten of them. */
void cmd_watch(const char *label, int argc, char **argv) {
	if (argc < 2) return;
	int wire = open_wire();
	uint8_t bytes[FRAME_BYTES];
	uint32_t host = parse_ip(argv[0]), own = parse_ip(argv[1]);
	for (int strange = 0; strange < 10;) {
		size_t got = receive(wire, bytes, now_us() + 3600LL * 1000000);
		if (got < 34) continue;
		unsigned port = port_of_answer(bytes, got);
		int is_ip = bytes[12] == 8 && bytes[13] == 0, is_arp = bytes[12] == 8 && bytes[13] == 6;
		uint32_t source = is_ip ? read32(bytes + 26) : is_arp && got >= 42 ? read32(bytes + 28) : host;
		uint32_t target = is_ip ? read32(bytes + 30) : own;
		if (port == 0 && (source == host || (source == 0 && is_ip == 0))) continue;
		strange++;
		say(label, "type=%02x%02x from %d.%d.%d.%d to %08x port %u", bytes[12], bytes[13], source >> 24, source >> 16 & 255, source >> 8 & 255, source & 255, target, port);
	}
}
