#ifndef SLIPWAY_SCRIPT_RECORDS_H
#define SLIPWAY_SCRIPT_RECORDS_H

#include "loops.h"

#include <stdbool.h>
#include <stddef.h>

extern char script_folder[256];

/* Which disks a script has, in a file of its own: a worker that is killed can't take them out of loop devices. False: can't be written. */
bool record_script(const char *id, const struct file_identity *disks, size_t count);
void forget_script(const char *id);
/* Does for each that is recorded what its worker couldn't. */
void clean_up_recorded_scripts(void);

#endif
