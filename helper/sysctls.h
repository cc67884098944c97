#ifndef SLIPWAY_SYSCTLS_H
#define SLIPWAY_SYSCTLS_H

#include "guests.h"

/* What the kernel does of its own accord on an interface, turned off or on. NULL, or the setting that couldn't be written. */
const char *set_sysctls(const struct link *link);

bool host_has_ipv6(void);

#endif
