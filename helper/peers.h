#ifndef SLIPWAY_PEERS_H
#define SLIPWAY_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Of a line, its end not counted. */
#define MAX_REQUEST 1024
#define MAX_PEERS 64
/* That come with one request: of `script`, five, the pipe, the image, the folder to hide and 16 disks. */
#define MAX_DESCRIPTORS 24

/* A connection: the agent's, a launcher's, or one on which a script runs. */
struct peer {
	int fd; /* -1: gone, and forgotten at the next turn */
	unsigned long long id;
	pid_t pid;
	bool greeted;
	bool agent; /* it has asked for what only the agent asks for */
	bool waits; /* for an answer that takes a while: nothing is read meanwhile */
	bool runs; /* a script, which lasts as long as the connection at most */
	long long since; /* milliseconds of the monotonic clock */
	size_t refusals;
	char in[MAX_REQUEST + 1];
	size_t in_length;
	int descriptors[MAX_DESCRIPTORS]; /* that came since the last request */
	size_t descriptor_count;
	char *out;
	size_t out_length, out_sent;
};

extern struct peer peers[MAX_PEERS];

long long now_ms(void);

/* Takes all connections that wait; of others than this user none. */
void accept_peers(int listener, uid_t user);
/* Reads what is there, and calls `request` for each whole line. */
void read_peer(struct peer *peer, void (*request)(struct peer *peer, char *line));
void write_peer(struct peer *peer);
/* Ends the connections that have said nothing for too long. The time until the next is due, or -1. */
long long end_idle_peers(void);
struct peer *find_peer(unsigned long long id);
/* Closes what came with a request. */
void close_descriptors(struct peer *peer);
/* The connection is over; what depends on it is for the caller of read_peer to see. */
void drop_peer(struct peer *peer);

/* A line to a peer; never waits. A peer that doesn't read what it asked for is dropped. */
void say(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with descriptors; false where it couldn't be sent at once, and then the peer is dropped. */
bool say_with_descriptors(struct peer *peer, const int *descriptors, size_t count, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* What nobody asked for: to the agent's connections. */
void tell_agent(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
