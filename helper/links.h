#ifndef SLIPWAY_LINKS_H
#define SLIPWAY_LINKS_H

#include "guests.h"

/* Interfaces on the host: made, given what the kernel holds of them, repaired, taken away. */

/* The descriptor of a new TAP as QEMU takes it, or -1 with errno. It goes when the last descriptor of it is closed. */
int make_tap(struct link *link);

/* Everything that the kernel holds for an interface; again for one that is up changes nothing. NULL, or what failed. */
const char *set_up_link(const struct link *link);

/* Takes the interface away, if it is there, and what stays after an interface that has gone. */
void take_down_link(struct link *link);

/*
 * The host's side of every channel as addresses of the loopback interface too, so that the agent can listen there before any guest is up.
 */
bool add_host_addresses(void);

/* At start: finds the recorded interfaces again, repairs them, and deletes those of our names that nobody recorded. */
void recover_links(void);

#endif
