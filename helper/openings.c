#define _GNU_SOURCE
#include "openings.h"

#include "connections.h"
#include "hooks.h"
#include "leases.h"
#include "links.h"
#include "log.h"
#include "requests.h"
#include "rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
	int pipe; /* -1: free */
	char guest[MAX_KEY + 1]; /* empty: of an interface that has gone */
	unsigned long long peer;
	unsigned long number;
	int taps[LINKS];
	size_t count;
	char line[64];
	size_t length;
};

static struct run runs[MAX_RUNS];
static size_t run_count;

static void close_taps(struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		close(run->taps[i]);
	run->count = 0;
}

static void hand_over(struct run *run)
{
	struct guest *guest = find_guest(run->guest);
	struct peer *peer = find_peer(run->peer);

	if (guest)
		guest->opening = false;
	if (peer) {
		peer->waits = false;
		say_with_descriptors(peer, run->taps, run->count, "%lu ok taps=%zu", run->number, run->count);
	}
	/* Theirs live on in whoever has got them; where nobody has, the interfaces go now. */
	close_taps(run);
}

static void open_service(const char *line)
{
	char name[IFNAMSIZ];
	const char *space = strchr(line, ' ');
	struct service service;
	struct guest *guest;
	struct link *link;

	if (!space || (size_t)(space - line) >= sizeof(name) || !read_service(space + 1, &service.udp, &service.port))
		return;
	memcpy(name, line, (size_t)(space - line));
	name[space - line] = '\0';
	guest = guest_of_name(name, &link);
	if (!guest || link->kind != KIND_CHANNEL || link->ifindex == 0 || link->opened_count == MAX_OPENED)
		return;
	link->opened[link->opened_count++] = service;
	save_guest(guest);
	if (open_for_link(link, &service))
		log_fact("opened", "guest", guest->key, "interface", name, "service", space + 1, NULL);
}

/* What the process that runs the hooks writes. False: it has ended. */
static bool read_run(struct run *run)
{
	char c;
	ssize_t n;

	while ((n = read(run->pipe, &c, 1)) == 1) {
		if (c != '\n') {
			if (run->length < sizeof(run->line) - 1)
				run->line[run->length++] = c;
			continue;
		}
		run->line[run->length] = '\0';
		run->length = 0;
		if (*run->guest)
			open_service(run->line);
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

size_t poll_runs(struct pollfd *polls)
{
	for (size_t i = 0; i < run_count; i++)
		polls[i] = (struct pollfd){ .fd = runs[i].pipe, .events = POLLIN };
	return run_count;
}

void tend_runs(const struct pollfd *polls, size_t count)
{
	/* From the last on: the place of one that has ended is taken by the last. */
	for (size_t i = count; i-- > 0;) {
		if (polls[i].revents == 0 || read_run(&runs[i]))
			continue;
		close(runs[i].pipe);
		if (*runs[i].guest)
			hand_over(&runs[i]);
		runs[i] = runs[--run_count];
	}
}

static bool start_run(const struct run *run, int pipe)
{
	if (pipe < 0 || run_count == MAX_RUNS)
		return false;
	runs[run_count] = *run;
	runs[run_count++].pipe = pipe;
	return true;
}

void cancel_opening(const struct guest *guest)
{
	for (size_t i = 0; i < run_count; i++) {
		struct run *run = &runs[i];
		struct peer *peer = find_peer(run->peer);

		if (strcmp(run->guest, guest->key) != 0)
			continue;
		close_taps(run);
		/* From now on it is nobody's; its hooks may still run for a while. */
		run->guest[0] = '\0';
		if (peer) {
			peer->waits = false;
			say(peer, "%lu error unknown guest: removed meanwhile", run->number);
		}
	}
}

void close_link(struct guest *guest, struct link *link)
{
	const struct link *one = link;
	struct run run = { .pipe = -1 };
	int pipe;

	if (link->ifindex == 0)
		return;
	take_down_link(link);
	forget_connections(link);
	if (link->opened_count > 0) {
		close_services(link);
		save_guest(guest);
	}
	log_fact("down", "guest", guest->key, "interface", link->name, NULL);
	pipe = run_count < MAX_RUNS ? run_hooks(configuration, IF_DOWN, guest, &one, 1) : -1;
	start_run(&run, pipe);
}

/* All interfaces of a guest, or none: what is made before one fails goes with its descriptor. */
static const char *make_links(struct guest *guest, struct run *run, const struct link **made)
{
	for (size_t i = 0; i < LINKS; i++) {
		struct link *link = &guest->links[i];
		const char *failed;
		int tap;

		if (!link->there)
			continue;
		if ((tap = make_tap(link)) < 0)
			return "tap";
		made[run->count] = link;
		run->taps[run->count++] = tap;
		failed = set_up_link(link);
		if (failed)
			return failed;
	}
	return NULL;
}

void answer_open(struct request *request)
{
	struct run run = { .pipe = -1, .peer = request->peer->id, .number = request->number };
	const struct link *made[LINKS];
	struct guest *guest;
	const char *failed;
	char sentence[128];
	int pipe;

	if (!read_guest_key(request, run.guest))
		return;
	guest = find_guest(run.guest);
	if (!guest) {
		refuse(request, "unknown", "guest: nothing was asked for it");
		return;
	}
	for (size_t i = 0; i < LINKS; i++)
		if (guest->opening || guest->links[i].ifindex) {
			refuse(request, "taken", "the guest's interfaces are in use");
			return;
		}
	if (run_count == MAX_RUNS) {
		refuse(request, "failed", "too many hooks are running");
		return;
	}
	failed = make_links(guest, &run, made);
	if (failed) {
		const struct link *last = run.count ? made[run.count - 1] : NULL;
		bool bridge = last && last->kind == KIND_BRIDGED && strcmp(failed, "bridge") == 0;

		snprintf(sentence, sizeof(sentence), "%s%s%s: %s", failed, bridge ? " " : "", bridge ? last->via : "", strerror(errno));
		refuse(request, "failed", sentence);
		close_taps(&run);
		for (size_t i = 0; i < LINKS; i++)
			take_down_link(&guest->links[i]);
		return;
	}
	if (guest->links[CHANNEL].there) {
		forget_lease6(&guest->links[CHANNEL]);
		forget_connections(&guest->links[CHANNEL]);
	}
	for (size_t i = 0; i < run.count; i++)
		log_fact("up", "guest", guest->key, "interface", made[i]->name, NULL);
	guest->opening = request->peer->waits = true;
	pipe = run_hooks(configuration, IF_UP, guest, made, run.count);
	if (!start_run(&run, pipe))
		hand_over(&run);
}
