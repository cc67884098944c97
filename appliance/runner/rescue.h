/* The rescue system: the full userland with a shell on the serial console, and no host to talk to. */
#ifndef SLIPWAY_RESCUE_H
#define SLIPWAY_RESCUE_H

#include <stdbool.h>

/* Whether the kernel was started with the argument `slipway.rescue`. */
bool wants_rescue(void);

/* Never returns: a shell, again whenever it was left, until the machine is asked
 * to switch itself off by SIGUSR1, SIGUSR2, SIGTERM or SIGINT to process 1. */
__attribute__((noreturn))
void run_rescue(const char *sysfs);

/* Unmounts what lies on disks, last first, so that they are clean. */
void unmount_all(void);

/* Writes everything out and ends the machine. */
__attribute__((noreturn))
void power_off(void);

#endif
