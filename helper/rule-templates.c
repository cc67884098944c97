/*
 * Fixed text: nothing of a guest or of the administrator's file is in it. What varies are elements of its sets.
 *
 * Every rule that holds a guest to something says what passes, and what is left is refused: a rule whose packet lacks what it looks at
 * doesn't match, so one that says what is wrong would let a packet by that is too short or of another kind.
 */
#include "rule-templates.h"

#define PASSED "0x51"

/* At most six lines a minute for an interface and a kind go to the helper, which tells the agent once an hour. */
#define TOLD "\tset told {\n\t\ttype ifname . mark\n\t\tsize 65535\n\t\tflags dynamic,timeout\n\t\ttimeout 10s\n\t}\n"
#define REFUSE(kind, number)                                                                                                                 \
	"\tchain no_" kind " {\n"                                                                                                             \
	"\t\tadd @told { iifname . " number " timeout 10s limit rate 6/minute burst 1 packets } log prefix \"slipway:" number "\" group 1473\n" \
	"\t\tdrop\n\t}\n"
#define RATE_SET(name) "\tset " name " {\n\t\ttype ifname\n\t\tsize 65535\n\t\tflags dynamic\n\t}\n"

const char guard_template[] =
	"table inet slipway_guard {\n\tflags owner\n\tchain early {\n"
	"\t\ttype filter hook prerouting priority -445; policy accept;\n"
	"\t\tiifname \"gnt.*\" meta mark != " PASSED " drop\n"
	"\t\tiifname \"gnt.*\" meta mark set 0\n\t}\n}\n"
	"table arp slipway_guard {\n\tflags owner\n\tchain early {\n"
	"\t\ttype filter hook input priority 5; policy accept;\n"
	"\t\tiifname \"gnt.*\" meta mark != " PASSED " drop\n\t}\n}\n"
	"table bridge slipway_guard {\n\tflags owner\n\tchain early {\n"
	"\t\ttype filter hook prerouting priority -295; policy accept;\n"
	"\t\tiifname \"gnt.*\" meta mark != " PASSED " drop\n"
	"\t\tiifname \"gnt.*\" meta mark set 0\n\t}\n}\n";

const char main_template[] =
	"table inet slipway\ndelete table inet slipway\n"
	"table inet slipway {\n"
	"\tset pairs4 {\n\t\ttype ifname . ether_addr . ipv4_addr\n\t}\n"
	"\tset pairs6 {\n\t\ttype ifname . ether_addr . ipv6_addr\n\t}\n"
	"\tset macs {\n\t\ttype ifname . ether_addr\n\t}\n"
	/* The hardware address inside a DHCP request; the target inside a neighbour advertisement. */
	"\tset clients {\n\t\ttypeof iifname . @th,288,48\n\t}\n"
	"\tset targets {\n\t\ttypeof iifname . @th,64,128\n\t}\n"
	"\tset open {\n\t\ttype inet_proto . inet_service\n\t}\n"
	"\tset opened {\n\t\ttype ifname . inet_proto . inet_service\n\t}\n"
	"\tmap ports4 {\n\t\ttype ifname : ipv4_addr . inet_service\n\t}\n"
	"\tmap ports6 {\n\t\ttype ifname : ipv6_addr . inet_service\n\t}\n"
	TOLD RATE_SET("leases") RATE_SET("neighbours") RATE_SET("fresh") RATE_SET("connections")
	REFUSE("source", "1") REFUSE("arp", "2") REFUSE("dhcp", "3") REFUSE("port", "4") REFUSE("flood", "5") REFUSE("neighbour", "6")

	/* Before fragments are put together and before connections are tracked: what doesn't belong here costs nothing. */
	"\tchain early {\n\t\ttype filter hook prerouting priority -450; policy accept;\n"
	"\t\tiifname \"gnt.com.*\" goto channel\n\t\tiifname \"gnt.nic.*\" goto routed\n\t}\n"
	"\tchain pass {\n\t\tmeta mark set " PASSED "\n\t\taccept\n\t}\n"
	"\tchain lease {\n"
	"\t\tadd @leases { iifname limit rate over 10/second burst 20 packets } goto no_flood\n\t\tgoto pass\n\t}\n"
	"\tchain neighbour {\n"
	"\t\tadd @neighbours { iifname limit rate over 50/second burst 50 packets } goto no_flood\n\t\tgoto pass\n\t}\n"
	"\tchain channel {\n"
	"\t\tiifname . ether saddr @macs meta protocol ip goto channel4\n"
	"\t\tiifname . ether saddr @macs meta protocol ip6 goto channel6\n"
	"\t\tgoto stranger\n\t}\n"
	/* What the host itself sends to a group comes back here, without a hardware address. */
	"\tchain stranger {\n\t\tether saddr != ff:ff:ff:ff:ff:ff goto no_source\n\t\tdrop\n\t}\n"
	"\tchain channel4 {\n"
	"\t\tip frag-off & 0x3fff != 0 drop\n"
	"\t\tudp dport 67 goto lease4\n"
	"\t\tiifname . ether saddr . ip saddr @pairs4 goto own4\n"
	"\t\tgoto no_source\n\t}\n"
	"\tchain own4 {\n"
	"\t\tip daddr { 224.0.0.0/4, 255.255.255.255 } drop\n"
	"\t\tip daddr != " HOST_ADDRESS " goto no_neighbour\n"
	"\t\tip protocol { tcp, udp, icmp } goto pass\n"
	"\t\tgoto no_port\n\t}\n"
	"\tchain lease4 {\n"
	"\t\tip daddr != { 255.255.255.255, " HOST_ADDRESS " } goto no_neighbour\n"
	"\t\tip saddr 0.0.0.0 goto request4\n"
	"\t\tiifname . ether saddr . ip saddr @pairs4 goto request4\n"
	"\t\tgoto no_source\n\t}\n"
	/* Asks for itself, and through no relay, to which the answer would go. */
	"\tchain request4 {\n"
	"\t\tiifname . @th,288,48 @clients @th,256,32 0 goto lease\n"
	"\t\tgoto no_dhcp\n\t}\n"
	"\tchain channel6 {\n"
	"\t\tip6 nexthdr 0 drop\n"
	"\t\tip6 nexthdr != { tcp, udp, ipv6-icmp } goto no_port\n"
	/* The guest looks whether its own address is free. */
	"\t\tip6 saddr :: icmpv6 type nd-neighbor-solicit drop\n"
	"\t\tip6 saddr :: icmpv6 type nd-router-solicit goto neighbour\n"
	"\t\tip6 saddr fe80::/10 goto own6\n"
	"\t\tiifname . ether saddr . ip6 saddr @pairs6 goto own6\n"
	"\t\tgoto no_source\n\t}\n"
	"\tchain own6 {\n"
	"\t\ticmpv6 type { nd-neighbor-solicit, nd-router-solicit } goto neighbour\n"
	"\t\ticmpv6 type nd-neighbor-advert goto advert\n"
	"\t\ticmpv6 type { nd-router-advert, nd-redirect } goto no_arp\n"
	"\t\tudp dport 547 goto lease6\n"
	"\t\tip6 daddr ff00::/8 drop\n"
	"\t\tip6 daddr { " HOST_ADDRESS6 ", " HOST_LINK_LOCAL " } goto pass\n"
	"\t\tgoto no_neighbour\n\t}\n"
	"\tchain lease6 {\n"
	"\t\tip6 saddr fe80::/10 ip6 daddr { ff02::1:2, " HOST_LINK_LOCAL " } goto lease\n"
	"\t\tgoto no_dhcp\n\t}\n"
	"\tchain advert {\n"
	/* The first ten bits of fe80::/10. */
	"\t\t@th,64,10 0x3fa goto neighbour\n"
	"\t\tiifname . @th,64,128 @targets goto neighbour\n"
	"\t\tgoto no_arp\n\t}\n"
	"\tchain routed {\n"
	"\t\tiifname . ether saddr . ip saddr @pairs4 goto pass\n"
	"\t\tiifname . ether saddr @macs meta protocol ip6 goto routed6\n"
	"\t\tgoto stranger\n\t}\n"
	"\tchain routed6 {\n"
	"\t\ticmpv6 type { nd-router-advert, nd-redirect } goto no_arp\n"
	"\t\ticmpv6 type nd-neighbor-advert goto advert\n"
	"\t\tip6 saddr { fe80::/10, :: } goto pass\n"
	"\t\tiifname . ether saddr . ip6 saddr @pairs6 goto pass\n"
	"\t\tgoto no_source\n\t}\n"

	/* With connections tracked: answers to the host, and what is open. */
	"\tchain limits {\n\t\ttype filter hook prerouting priority -150; policy accept;\n\t\tiifname \"gnt.com.*\" goto limited\n\t}\n"
	"\tchain limited {\n"
	"\t\tct state invalid drop\n\t\tct state { established, related, untracked } accept\n"
	"\t\tip saddr 0.0.0.0 accept\n"
	"\t\tudp dport { 67, 547 } accept\n"
	"\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	"\t\tmeta l4proto { icmp, ipv6-icmp } goto no_port\n"
	"\t\ttcp dport " METADATA_PORT " goto connections\n"
	"\t\tmeta l4proto . th dport @open goto connections\n"
	"\t\tiifname . meta l4proto . th dport @opened goto connections\n"
	/* The end of a connection that is forgotten already: an honest guest's too. */
	"\t\ttcp flags & (fin | syn | rst | ack) != syn drop\n"
	"\t\tgoto no_port\n\t}\n"
	"\tchain connections {\n"
	"\t\tadd @fresh { iifname limit rate over 100/second burst 200 packets } goto no_flood\n"
	"\t\tadd @connections { iifname ct count over 64 } goto no_flood\n\t}\n"
	"\tchain nat {\n\t\ttype nat hook prerouting priority -100; policy accept;\n"
	"\t\tiifname \"gnt.com.*\" ip daddr " HOST_ADDRESS " tcp dport " METADATA_PORT " dnat ip to iifname map @ports4\n"
	"\t\tiifname \"gnt.com.*\" ip6 daddr " HOST_ADDRESS6 " tcp dport " METADATA_PORT " dnat ip6 to iifname map @ports6\n\t}\n"

	"\tchain input {\n\t\ttype filter hook input priority -10; policy accept;\n"
	"\t\tiifname \"gnt.com.*\" goto arrived\n\t\tiifname \"lo\" accept\n"
	/* The host's side of the channels is for nobody who comes in by another interface. */
	"\t\tip daddr " HOST_ADDRESS " drop\n\t\tip6 daddr " HOST_ADDRESS6 " drop\n\t}\n"
	"\tchain arrived {\n"
	"\t\tct status dnat accept\n"
	/* Without the agent port 80 is nobody's: no other program of the host stands in for it. */
	"\t\ttcp dport " METADATA_PORT " ct direction original drop\n"
	"\t\tct state { established, related, untracked } accept\n"
	"\t\tudp dport { 67, 547 } accept\n"
	"\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept\n"
	"\t\tmeta l4proto . th dport @open accept\n"
	"\t\tiifname . meta l4proto . th dport @opened accept\n"
	"\t\tdrop\n\t}\n"
	"\tchain forward {\n\t\ttype filter hook forward priority -10; policy accept;\n"
	"\t\tiifname \"gnt.com.*\" drop\n\t\toifname \"gnt.com.*\" drop\n\t}\n}\n";

/*
 * What has ended isn't counted among the 64 of a guest, and would stay in the host's table for two minutes; what is only begun and what
 * says nothing is forgotten early too. A limit is given to a connection that is tracked and new.
 */
#define TIMEOUT(name, l3, l4, policy) \
	"\tct timeout " name " {\n\t\tprotocol " l4 "\n\t\tl3proto " l3 "\n\t\tpolicy = { " policy " }\n\t}\n"
#define TCP_LIMITS "syn_sent : 10, syn_recv : 10, established : 3600, fin_wait : 5, close_wait : 5, last_ack : 5, time_wait : 5, close : 5"
#define UDP_LIMITS "unreplied : 10, replied : 10"

const char timeouts_template[] =
	"table inet slipway {\n"
	TIMEOUT("tcp4", "ip", "tcp", TCP_LIMITS) TIMEOUT("tcp6", "ip6", "tcp", TCP_LIMITS)
	TIMEOUT("udp4", "ip", "udp", UDP_LIMITS) TIMEOUT("udp6", "ip6", "udp", UDP_LIMITS)
	"\tchain connections {\n"
	"\t\tmeta nfproto ipv4 meta l4proto tcp ct timeout set \"tcp4\"\n\t\tmeta nfproto ipv6 meta l4proto tcp ct timeout set \"tcp6\"\n"
	"\t\tmeta nfproto ipv4 meta l4proto udp ct timeout set \"udp4\"\n\t\tmeta nfproto ipv6 meta l4proto udp ct timeout set \"udp6\"\n\t}\n}\n";

const char arp_template[] =
	"table arp slipway\ndelete table arp slipway\n"
	"table arp slipway {\n"
	"\tset pairs4 {\n\t\ttype ifname . ether_addr . ipv4_addr\n\t}\n"
	TOLD RATE_SET("requests")
	REFUSE("arp", "2") REFUSE("flood", "5")
	"\tchain early {\n\t\ttype filter hook input priority 0; policy accept;\n"
	"\t\tiifname \"gnt.*\" goto guest\n\t}\n"
	"\tchain guest {\n"
	"\t\tadd @requests { iifname limit rate over 20/second burst 40 packets } goto no_flood\n"
	/* The guest looks whether its own address is free. */
	"\t\tarp saddr ip 0.0.0.0 drop\n"
	"\t\tarp operation { request, reply } iifname . ether saddr . arp saddr ip @pairs4 iifname . arp saddr ether . arp saddr ip @pairs4 goto own\n"
	"\t\tgoto no_arp\n\t}\n"
	"\tchain own {\n"
	"\t\tiifname \"gnt.com.*\" arp daddr ip != " HOST_ADDRESS " drop\n"
	"\t\tmeta mark set " PASSED "\n\t\taccept\n\t}\n}\n";

const char bridge_template[] =
	"table bridge slipway\ndelete table bridge slipway\n"
	"table bridge slipway {\n"
	"\tset macs {\n\t\ttype ifname . ether_addr\n\t}\n"
	/* Those that have an address: they send from none but theirs, of either family. */
	"\tset held {\n\t\ttype ifname\n\t}\n"
	"\tset pairs4 {\n\t\ttype ifname . ipv4_addr\n\t}\n"
	"\tset pairs6 {\n\t\ttype ifname . ipv6_addr\n\t}\n"
	"\tset nets6 {\n\t\ttype ifname . ipv6_addr\n\t\tflags interval\n\t}\n"
	"\tset routers {\n\t\ttype ifname . ipv6_addr\n\t}\n"
	/* The same as targets of neighbour discovery. */
	"\tset targets {\n\t\ttypeof iifname . @th,64,128\n\t}\n"
	"\tset target_nets {\n\t\ttypeof iifname . @th,64,128\n\t\tflags interval\n\t}\n"
	"\tset router_targets {\n\t\ttypeof iifname . @th,64,128\n\t}\n"
	TOLD
	REFUSE("source", "1") REFUSE("arp", "2") REFUSE("dhcp", "3")
	"\tchain early {\n\t\ttype filter hook prerouting priority -300; policy accept;\n"
	"\t\tiifname \"gnt.nic.*\" goto guest\n\t}\n"
	"\tchain guest {\n"
	"\t\tiifname . ether saddr @macs goto own\n"
	"\t\tgoto no_source\n\t}\n"
	/* `meta protocol` looks behind one tag, as neighbours do behind one that says nothing (VLAN 0), and behind two of them. */
	"\tchain own {\n"
	"\t\tmeta protocol { 0x8100, 0x88a8, 0x9100 } goto no_source\n"
	"\t\tmeta protocol ip jump part4\n"
	"\t\tmeta protocol ip6 jump part6\n"
	"\t\tiifname @held goto held_to\n"
	"\t\tgoto pass\n\t}\n"
	"\tchain pass {\n\t\tmeta mark set " PASSED "\n\t\taccept\n\t}\n"
	/* Nobody plays router or DHCP server for its neighbours. What can't be looked into far enough to tell doesn't pass. */
	"\tchain part4 {\n"
	/* What isn't the first fragment has no ports. */
	"\t\tmeta protocol ip ip frag-off & 0x1fff != 0 return\n"
	"\t\tmeta l4proto udp goto part_udp\n"
	"\t\tmeta l4proto != 255 return\n"
	"\t\tgoto no_source\n\t}\n"
	/* What is taken apart begins with the transport's header: more options there could be put in its place afterwards. */
	"\tchain part6 {\n"
	"\t\tmeta protocol ip6 frag nexthdr != { 4, 6, 17, 41, 47, 50, 58, 132 } goto no_source\n"
	"\t\tmeta protocol ip6 frag frag-off != 0 return\n"
	"\t\tmeta l4proto udp goto part_udp\n"
	"\t\tmeta l4proto ipv6-icmp goto part_icmp6\n"
	"\t\tmeta l4proto != 255 return\n"
	"\t\tgoto no_source\n\t}\n"
	"\tchain part_udp {\n"
	/* To a client's port answers only a server, from whatever port of its own. */
	"\t\tth sport != { 67, 547 } th dport != { 68, 546 } return\n"
	"\t\tgoto no_dhcp\n\t}\n"
	"\tchain part_icmp6 {\n"
	"\t\t@th,0,8 != { 134, 137 } return\n"
	"\t\tgoto no_arp\n\t}\n"

	"\tchain held_to {\n"
	"\t\tether type arp goto held_arp\n"
	"\t\tether type ip goto held_ip4\n"
	"\t\tether type ip6 goto held_ip6\n"
	/* A tag or another envelope would hide an address. */
	"\t\tgoto no_source\n\t}\n"
	"\tchain held_arp {\n"
	"\t\tiifname . arp saddr ether @macs arp saddr ip 0.0.0.0 goto pass\n"
	"\t\tiifname . arp saddr ether @macs iifname . arp saddr ip @pairs4 goto pass\n"
	"\t\tgoto no_arp\n\t}\n"
	"\tchain held_ip4 {\n"
	"\t\tip saddr 0.0.0.0 udp sport 68 udp dport 67 goto pass\n"
	"\t\tiifname . ip saddr @pairs4 goto pass\n"
	"\t\tgoto no_source\n\t}\n"
	"\tchain held_ip6 {\n"
	"\t\tip6 saddr :: goto held_probe\n"
	"\t\tiifname . ip6 saddr @routers goto no_source\n"
	"\t\tip6 saddr fe80::/10 goto held_own6\n"
	"\t\tiifname . ip6 saddr @pairs6 goto held_own6\n"
	"\t\tiifname . ip6 saddr @nets6 goto held_own6\n"
	"\t\tgoto no_source\n\t}\n"
	/* Without an address one looks whether it is free, for a router, and joins groups. */
	"\tchain held_probe {\n"
	"\t\ticmpv6 type nd-neighbor-solicit goto held_target\n"
	"\t\ticmpv6 type { nd-router-solicit, mld-listener-report, mld-listener-reduction, mld2-listener-report } goto pass\n"
	"\t\tgoto no_source\n\t}\n"
	"\tchain held_own6 {\n"
	"\t\ticmpv6 type nd-neighbor-advert goto held_target\n"
	"\t\tgoto pass\n\t}\n"
	"\tchain held_target {\n"
	"\t\tiifname . @th,64,128 @router_targets goto no_arp\n"
	"\t\t@th,64,10 0x3fa goto pass\n"
	"\t\tiifname . @th,64,128 @targets goto pass\n"
	"\t\tiifname . @th,64,128 @target_nets goto pass\n"
	"\t\tgoto no_arp\n\t}\n}\n";
