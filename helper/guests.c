#define _GNU_SOURCE
#include "guests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guest *guests;
static size_t guest_count;

struct guest *find_guest(const char *key)
{
	for (struct guest *g = guests; g; g = g->next)
		if (strcmp(g->key, key) == 0)
			return g;
	return NULL;
}

struct guest *add_guest(const char *key)
{
	struct guest *guest = guest_count < MAX_GUESTS ? calloc(1, sizeof(*guest)) : NULL;

	if (!guest)
		return NULL;
	snprintf(guest->key, sizeof(guest->key), "%s", key);
	guest->next = guests;
	guests = guest;
	guest_count++;
	return guest;
}

void forget_guest(struct guest *guest)
{
	for (struct guest **at = &guests; *at; at = &(*at)->next) {
		if (*at != guest)
			continue;
		*at = guest->next;
		free(guest);
		guest_count--;
		return;
	}
}

struct guest *guest_of_interface(int ifindex, struct link **link)
{
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++)
			if (g->links[i].there && g->links[i].ifindex == ifindex) {
				*link = &g->links[i];
				return g;
			}
	return NULL;
}

struct guest *guest_of_name(const char *name, struct link **link)
{
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++)
			if (g->links[i].there && strcmp(g->links[i].name, name) == 0) {
				*link = &g->links[i];
				return g;
			}
	return NULL;
}

bool choose_name(struct link *link)
{
	static bool taken[MAX_GUESTS * LINKS];
	const char *prefix = link->kind == KIND_CHANNEL ? "gnt.com." : "gnt.nic.";
	size_t length = strlen(prefix);

	memset(taken, 0, sizeof(taken));
	for (struct guest *g = guests; g; g = g->next)
		for (size_t i = 0; i < LINKS; i++) {
			const struct link *other = &g->links[i];

			if (other->there && other != link && strncmp(other->name, prefix, length) == 0)
				taken[strtoul(other->name + length, NULL, 10) % (MAX_GUESTS * LINKS)] = true;
		}
	for (unsigned n = 0; n < MAX_GUESTS * LINKS; n++) {
		if (taken[n])
			continue;
		snprintf(link->name, sizeof(link->name), "%s%u", prefix, n);
		if (if_nametoindex(link->name) == 0)
			return true;
	}
	link->name[0] = '\0';
	return false;
}

int descriptor_of(const struct guest *guest, const struct link *link)
{
	int descriptor = FIRST_DESCRIPTOR;

	for (const struct link *l = guest->links; l < link; l++)
		descriptor += l->there;
	return descriptor;
}
