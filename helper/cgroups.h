#ifndef SLIPWAY_CGROUPS_H
#define SLIPWAY_CGROUPS_H

#include "config.h"

/*
 * Groups of control of their own for scripts, of the kernel's second version, in `slipway-scripts` at the top. What was left there by an
 * earlier worker is killed and removed. Nothing is touched where scripts aren't allowed.
 */
void prepare_cgroups(const struct script_rules *rules);
/* What scripts are held to here: `memory,pids,cpu`, a part of that, or `none`. */
const char *cgroup_limits(void);
bool has_all_limits(void);

/* A new group with its limits; its folder's descriptor, or -1. */
int make_cgroup(const char *id, const struct script_rules *rules);
/* The kernel has killed it for that, before the group is removed. */
bool ran_out_of_memory(const char *id);
void kill_cgroup(const char *id);
/* Does nothing while something lives in it. */
void remove_cgroup(const char *id);

#endif
