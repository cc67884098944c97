/* What `channel` and `nic` have in common: a link that was asked for takes its place. */
#define _GNU_SOURCE
#include "requests.h"

#include "leases.h"
#include "log.h"
#include "rules.h"

#include <stdio.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
	return *a != '\0' && strcmp(a, b) == 0;
}

/* Two links on which the same address would be one and the same guest's. */
static bool is_same_wire(const struct link *a, const struct link *b)
{
	if (a->kind == KIND_BRIDGED || b->kind == KIND_BRIDGED)
		return a->kind == b->kind && strcmp(a->via, b->via) == 0;
	/* The host's routes, unless the tables are different ones. */
	return strcmp(a->via, b->via) == 0;
}

const char *find_conflict(const struct link *link, const struct link *itself)
{
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++) {
			const struct link *other = &g->links[i];

			if (!other->there || other == itself)
				continue;
			if (same(link->mac, other->mac))
				return "mac: another guest's";
			if (is_same_wire(link, other) && same(link->ip, other->ip))
				return "ip: another guest's";
			if (is_same_wire(link, other) && same(link->ip6, other->ip6))
				return "ip6: another guest's";
		}
	return NULL;
}

static bool is_same_link(const struct link *a, const struct link *b)
{
	return a->there && b->there && a->kind == b->kind && strcmp(a->mac, b->mac) == 0 && strcmp(a->ip, b->ip) == 0 &&
	       strcmp(a->ip6, b->ip6) == 0 && strcmp(a->gateway, b->gateway) == 0 && strcmp(a->gateway6, b->gateway6) == 0 &&
	       strcmp(a->ip6net, b->ip6net) == 0 && strcmp(a->via, b->via) == 0;
}

static bool is_empty(const struct guest *guest)
{
	for (size_t i = 0; i < LINKS; i++)
		if (guest->links[i].there)
			return false;
	return true;
}

/* Refuses, and forgets a guest that only this request would have made. */
static bool give_up(const struct request *request, struct guest *guest, const char *code, const char *sentence)
{
	if (is_empty(guest))
		forget_guest(guest);
	return refuse(request, code, sentence);
}

static void take_back(struct link *place)
{
	disallow_link(place);
	if (place->kind == KIND_CHANNEL)
		withdraw_lease(place);
	*place = (struct link){ .there = false };
}

bool put_link_in_place(const struct request *request, struct guest *guest, struct link *place, struct link *asked)
{
	const char *conflict;

	if (is_same_link(place, asked))
		return true;
	if (guest->opening || place->ifindex)
		return give_up(request, guest, "taken", "the interface is up; it can change when it is down");
	conflict = find_conflict(asked, place);
	if (conflict)
		return give_up(request, guest, "taken", conflict);
	if (place->there) {
		memcpy(asked->name, place->name, sizeof(asked->name));
		take_back(place);
	} else if (!choose_name(asked)) {
		return give_up(request, guest, "failed", "no name for an interface is left");
	}
	*place = *asked;
	if (!save_guest(guest)) {
		place->there = false;
		return give_up(request, guest, "failed", "the state can't be written");
	}
	/* Where tables are missing just now, all of it is put there again, and this with it. */
	if ((allow_link(place) || install_rules(configuration)) && (place->kind != KIND_CHANNEL || approve_lease(place))) {
		log_fact("approved", "guest", guest->key, "interface", place->name, "mac", place->mac, "ip", place->ip, "ip6", place->ip6, NULL);
		return true;
	}
	take_back(place);
	save_guest(guest);
	return give_up(request, guest, "failed", "the rules or the lease can't be written");
}
