import { ORDINARY_USER } from "#scripts/process/ordinary-user.ts";

/** What is written where an administrator has written nothing yet: every key of helper/config.c, with its default. */
export const HELPER_CONFIG = `# What Slipway's privileged helper may do on this node. Read when it starts: npm run down, then SLIPWAY_MODE=system npm run up.
# A line each: key=value, no spaces around the sign, lists separated by commas. docs/networking.md tells more.

# Whose agent is answered, and nobody else's.
agent_user=${ORDINARY_USER}

# Bridges of this node that guests' network interfaces may be connected to. None: there are no bridged interfaces.
bridges=

# Networks whose addresses may be routed to guests, IPv4 and IPv6: 192.0.2.0/24,2001:db8::/64. None: there are no routed interfaces.
routed_networks=

# Networks of the communication mechanism. The cluster's own has to be in here, and none of them elsewhere on this node.
channel_networks=169.254.0.0/16

# What guests reach on this node over the communication mechanism. tcp:80 is the metadata service. Anything else that is opened
# here is opened for every guest; a hook opens it for one.
open_services=tcp:80

# In here lie ifup.d and ifdown.d, whose programs are run as root when a guest's interface comes and goes.
hooks=/etc/slipway

# Whether trusted scripts of OS definitions may run on this node itself. With yes and script_user=root whoever can act as agent_user can
# become root here: such a script is told by the agent, and the helper can't know what an administrator of the cluster trusts.
host_scripts=no

# As whom they run. Scripts that make a system on a disk (debootstrap) have to be root.
script_user=root

# required: no script where the kernel can't hold it to the limits below (control groups, version 2, with memory, pids and cpu).
# optional: it runs all the same, held by its namespaces alone.
script_limits=required

# Of each script: MiB of memory, processes at once, percent of one processor, and seconds whatever the cluster says.
script_memory_mib=2048
script_processes=512
script_cpu_percent=200
script_seconds=86400
`;
