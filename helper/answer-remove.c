/* `remove`: everything of a guest goes. */
#define _GNU_SOURCE
#include "requests.h"

#include "leases.h"
#include "log.h"
#include "openings.h"
#include "rules.h"

#include <stdio.h>
#include <unistd.h>

void answer_remove(struct request *request)
{
	char key[MAX_KEY + 1], path[512];
	struct guest *guest;

	if (!read_guest_key(request, key))
		return;
	guest = find_guest(key);
	if (!guest) {
		say(request->peer, "%lu ok", request->number);
		return;
	}
	cancel_opening(guest);
	for (size_t i = 0; i < LINKS; i++) {
		struct link *link = &guest->links[i];

		if (!link->there)
			continue;
		close_link(guest, link);
		/* Elements that can't be deleted went with their tables, which come again without them. */
		disallow_link(link);
		if (link->kind == KIND_CHANNEL)
			withdraw_lease(link);
	}
	snprintf(path, sizeof(path), "%s/%s", state_folder, guest->key);
	unlink(path);
	log_fact("removed", "guest", guest->key, NULL);
	forget_guest(guest);
	say(request->peer, "%lu ok", request->number);
}
