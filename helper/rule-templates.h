#ifndef SLIPWAY_RULE_TEMPLATES_H
#define SLIPWAY_RULE_TEMPLATES_H

/* The host's side of every channel. */
#define HOST_ADDRESS "169.254.169.254"
#define HOST_ADDRESS6 "fd00:ec2::254"
#define HOST_LINK_LOCAL "fe80::a9fe:a9fe"
#define HOST_MAC "06:5c:a9:fe:a9:fe"
#define CHANNEL_SUBNET6 "fd00:ec2::"
#define METADATA_PORT "80"

extern const char guard_template[];
extern const char main_template[];
/* After the main one, where the kernel has time limits of connections. */
extern const char timeouts_template[];
extern const char arp_template[];
extern const char bridge_template[];

#endif
