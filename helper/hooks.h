#ifndef SLIPWAY_HOOKS_H
#define SLIPWAY_HOOKS_H

#include "guests.h"

enum moment { IF_UP, IF_DOWN };

/*
 * Runs the administrator's hooks for links of a guest, one after another, in a process of its own (README.md, "Hooks"). What that process
 * writes to the returned descriptor are lines `NAME tcp:PORT`, services that a hook opens to an interface; its end is the end of the
 * hooks. -1: there are none, or they couldn't be started.
 */
int run_hooks(const struct config *config, enum moment moment, const struct guest *guest, const struct link *const *links, size_t count);

#endif
