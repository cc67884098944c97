/* From a kernel with an initramfs to a channel with an address. */
#ifndef SLIPWAY_BOOT_H
#define SLIPWAY_BOOT_H

#include <stdbool.h>

/* Mounts /dev, /proc, /sys and /run, and speaks to the serial console from then on. */
void mount_kernel_filesystems(void);

/* Loads the modules whose paths the file `names` has, a line each, in its order.
 * One that can't be loaded is named on the console and passed over: what it was
 * for will be missed in its place. */
void load_modules(const char *names);

/* The channel is the last network interface: the one with the highest index
 * that has a device behind it. Returns its name, NULL if there is none. */
const char *find_channel(void);

/* Gets an address for the interface by DHCP (RFC 2131) and sets it. The lease
 * isn't renewed and no route is taken: an install is short, and the channel
 * leads to its host only. False if nobody has answered ten times, a second apart. */
bool get_address(const char *interface);

#endif
