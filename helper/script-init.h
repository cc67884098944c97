#ifndef SLIPWAY_SCRIPT_INIT_H
#define SLIPWAY_SCRIPT_INIT_H

#include "scripts.h"

/*
 * The first process of a script's namespaces: makes its place, starts it, waits for it, and ends whatever it has started. With it ends
 * everything in there. `report`: closed once the program runs, or a sentence that says why it doesn't; `worker`: a descriptor of the
 * process without which it doesn't live; `mapping`: below, -1 where none is needed.
 */
void run_script_init(const struct script_order *order, const struct script_rules *rules, int report, int worker, int mapping)
	__attribute__((noreturn));

/*
 * A user namespace in which what belongs to the agent's user belongs to the script's, for mounts of the agent's files; -1: it can't be
 * made. Called where /proc is the host's.
 */
int make_mapping(const struct config *config);

/* Where init has its descriptors. */
enum place { REPORT = 3, WORKER, MAPPING, ENVIRONMENT, DEFINITION, PIPE, IMAGE, HIDE, DISKS };

/* What the script sees of the host (README.md, "Scripts"). NULL, or the step that failed, with errno. */
const char *make_script_place(const struct script_order *order, const struct script_rules *rules, bool is_mapped);

/* What it may do. False: something couldn't be taken away. */
bool drop_privileges(const struct script_rules *rules);

#endif
