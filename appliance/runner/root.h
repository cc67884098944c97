/* The full userland in the place of the initramfs, where the metadata ask for it. */
#ifndef SLIPWAY_ROOT_H
#define SLIPWAY_ROOT_H

#include "json.h"

#include <stdbool.h>

/* Where programs of the product's own lie, in the initramfs and in the full userland. */
#define PROGRAMS "/usr/lib/slipway"

/* Makes the squashfs on the disk that `appliance.rootSerial` names the root of
 * everything that is started from then on: pristine, with what is written to it
 * in memory. Where `os.imageUse` is "layer", the definition's own image lies over
 * it. Kernel modules come from it, too. Nothing is done where no root is named.
 * `real` false, in tests: only looks whether the disks are there.
 * Returns NULL, or what is wrong, a sentence. */
const char *enter_root(const struct json *metadata, const char *sysfs, bool real);

/* The same where nobody was asked: the userland on the disk with this serial. */
const char *enter_root_of(const char *sysfs, const char *serial);

#endif
