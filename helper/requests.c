#define _GNU_SOURCE
#include "requests.h"

#include "cgroups.h"
#include "log.h"
#include "scripts.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one connection, and of all of them in a minute. */
#define MAX_LOGGED_REFUSALS 20
#define MAX_LOGGED_IN_A_MINUTE 100

const struct config *configuration;

static bool may_log_refusal(struct peer *peer)
{
	static long long minute;
	static size_t logged;

	if (minute != now_ms() / 60000) {
		minute = now_ms() / 60000;
		logged = 0;
	}
	return peer->refusals++ < MAX_LOGGED_REFUSALS && logged++ < MAX_LOGGED_IN_A_MINUTE;
}

bool refuse(const struct request *request, const char *code, const char *sentence)
{
	char number[24];

	say(request->peer, "%lu error %s %s", request->number, code, sentence);
	/* A peer that does nothing but ask for what it can't have fills no log. */
	if (may_log_refusal(request->peer)) {
		snprintf(number, sizeof(number), "%d", request->peer->pid);
		log_fact("refused", "request", request->words.verb ? request->words.verb : "", "code", code, "why", sentence, "peer", number, NULL);
	}
	return false;
}

bool read_guest_key(const struct request *request, char key[MAX_KEY + 1])
{
	const char *value = value_of(&request->words, "guest");

	if (value && read_guest(value, key))
		return true;
	return refuse(request, "invalid", "guest: missing or not 1 to 64 of a-z, 0-9 and -");
}

struct guest *find_or_add_guest(const struct request *request)
{
	char key[MAX_KEY + 1];
	struct guest *guest;

	if (!read_guest_key(request, key))
		return NULL;
	guest = find_guest(key);
	if (!guest && !(guest = add_guest(key)))
		refuse(request, "failed", "more guests than fit on a host");
	return guest;
}

static void answer_hello(struct request *request)
{
	char bridges[MAX_BRIDGES * 17] = "";
	const char *version = value_of(&request->words, "version");

	if (!version || strcmp(version, PROTOCOL_VERSION) != 0) {
		refuse(request, "invalid", "version: this helper speaks version " PROTOCOL_VERSION);
		return;
	}
	/* Those that are there now: one that isn't would only be found missing when a guest starts. */
	for (size_t i = 0; i < configuration->bridge_count; i++)
		if (if_nametoindex(configuration->bridges[i]) != 0)
			snprintf(bridges + strlen(bridges), sizeof(bridges) - strlen(bridges), "%s%s", *bridges ? "," : "", configuration->bridges[i]);
	request->peer->greeted = true;
	/* A value is never empty: without bridges there is no key. */
	say(request->peer, "%lu ok version=" PROTOCOL_VERSION "%s%s routed=%s channel=%s scripts=%s limits=%s", request->number,
	    *bridges ? " bridges=" : "", bridges, configuration->routed_count ? "yes" : "no", configuration->channel_networks,
	    why_no_scripts() ? "no" : "yes", cgroup_limits());
}

static const struct verb {
	const char *name;
	const char *keys; /* all that may stand there, each with a space behind it */
	bool agent;
	void (*answer)(struct request *request);
} verbs[] = {
	{ "hello", "version ", false, answer_hello },
	{ "open", "guest ", false, answer_open },
	{ "script", "name seconds disks readonly pipe image hide ", false, answer_script },
	{ "end", "", false, answer_end },
	{ "channel", "guest mac ip ip6 port port6 ", true, answer_channel },
	{ "nic", "guest index mode link mac ip ip6 ip6net gateway gateway6 ", true, answer_nic },
	{ "remove", "guest ", true, answer_remove },
	{ "list", "", true, answer_list },
};

/* NULL, or a key that the verb doesn't know. */
static const char *find_unknown(const struct words *words, const char *keys)
{
	for (size_t i = 0; i < words->count; i++) {
		char key[32];
		const char *at;

		snprintf(key, sizeof(key), "%.20s ", words->pairs[i].key);
		at = strstr(keys, key);
		if (!at || (at != keys && at[-1] != ' '))
			return words->pairs[i].key;
	}
	return NULL;
}

void take_request(struct peer *peer, char *line)
{
	struct request request = { .peer = peer };
	char *rest = line, *number = strsep(&rest, " ");
	const char *wrong, *unknown;
	char sentence[64];
	uint32_t n;

	if (!rest || !read_number(number, 1, 0xffffffffu, &n)) {
		refuse(&request, "invalid", "a request begins with its number");
		return;
	}
	request.number = n;
	wrong = parse_words(rest, &request.words);
	if (wrong) {
		request.words.verb = NULL; /* It goes to the log only where it is one of ours. */
		refuse(&request, "invalid", wrong);
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, request.words.verb) != 0)
			continue;
		unknown = find_unknown(&request.words, verbs[i].keys);
		if (unknown) {
			snprintf(sentence, sizeof(sentence), "%.20s: unknown key", unknown);
			refuse(&request, "invalid", sentence);
		} else if (!peer->greeted && verbs[i].answer != answer_hello) {
			refuse(&request, "invalid", "hello comes first");
		} else {
			peer->agent |= verbs[i].agent;
			verbs[i].answer(&request);
		}
		return;
	}
	request.words.verb = NULL;
	refuse(&request, "invalid", "unknown verb");
}

void answer_list(struct request *request)
{
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++) {
			const struct link *link = &g->links[i];

			if (link->there)
				say(request->peer, "%lu item guest=%s kind=%s name=%s up=%s", request->number, g->key,
				    link->kind == KIND_CHANNEL ? "channel" : "nic", link->name, link->ifindex ? "yes" : "no");
		}
	say(request->peer, "%lu ok", request->number);
}
