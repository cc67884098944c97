#ifndef SLIPWAY_CONNECTIONS_H
#define SLIPWAY_CONNECTIONS_H

#include "guests.h"

/*
 * Takes the connections of a channel out of the kernel's table. A guest that ended without closing them would find them counted against
 * it when it starts again, and one that reuses a port would be led to where the agent listened then.
 */
void forget_connections(const struct link *link);

#endif
