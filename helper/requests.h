#ifndef SLIPWAY_REQUESTS_H
#define SLIPWAY_REQUESTS_H

#include "guests.h"
#include "peers.h"
#include "values.h"

#define PROTOCOL_VERSION "1"

/* A request in work: who asks, under which number, and with what (PROTOCOL.md). */
struct request {
	struct peer *peer;
	unsigned long number;
	struct words words;
};

extern const struct config *configuration;

/* Answers a line of a peer. */
void take_request(struct peer *peer, char *line);

/* `NUMBER error CODE sentence`, and a line in the log. Returns false. */
bool refuse(const struct request *request, const char *code, const char *sentence);

/* One operation a file. Each answers. */
void answer_channel(struct request *request);
void answer_nic(struct request *request);
void answer_remove(struct request *request);
void answer_list(struct request *request);
void answer_open(struct request *request);
void answer_script(struct request *request);
void answer_end(struct request *request);

/* Which guest the request names; false after a refusal. */
bool read_guest_key(const struct request *request, char key[MAX_KEY + 1]);
/* That guest, or a new one; NULL after a refusal. */
struct guest *find_or_add_guest(const struct request *request);

/* NULL, or which of its addresses is another link's already. */
const char *find_conflict(const struct link *link, const struct link *itself);

/*
 * Puts what was asked for in the place of what is there: nothing where it is the same, a refusal where the interface is up. The state, the
 * rules and, for a channel, the lease follow. True: `place` is now what was asked for.
 */
bool put_link_in_place(const struct request *request, struct guest *guest, struct link *place, struct link *asked);

#endif
