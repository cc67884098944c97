# shellcheck shell=sh
# Addresses that Slipway has given. NICs without one, and the channel, which
# is none of the NICs, ask by DHCP: 80-dhcp.network, part of the image.

set_network() { # TARGET
	name_servers=
	nic=0
	while [ "$nic" -lt "${NIC_COUNT:-0}" ]; do
		case $(nic_value MODE) in
		bridged | routed)
			if [ -n "$(nic_value IP)" ]; then
				nic_file >"$1/etc/systemd/network/10-nic-$nic.network"
				chmod 644 "$1/etc/systemd/network/10-nic-$nic.network"
				name_servers="$name_servers $(nic_value NETWORK_DNS)"
			fi
			;;
		# The node's own network gives addresses of its own.
		*) ;;
		esac
		nic=$((nic + 1))
	done
	set_name_servers "$1"
}

nic_value() { # NAME: of the current NIC, as Ganeti gives it; empty where it isn't there
	eval "printf '%s' \"\${NIC_${nic}_$1:-}\""
}

nic_file() {
	ip=$(nic_value IP)
	mode=$(nic_value MODE)
	printf '[Match]\nMACAddress=%s\n' "$(nic_value MAC)"
	printf '[Network]\n'
	case $ip in
	*:*)
		bits=128
		subnet=$(nic_value NETWORK_SUBNET6)
		gateway=$(nic_value NETWORK_GATEWAY6)
		# On a routed link there is nobody but the node, which answers for the gateway alone.
		[ "$mode" = bridged ] || subnet=
		[ "$mode" = routed ] || printf 'DHCP=ipv4\n'
		;;
	*)
		bits=32
		subnet=$(nic_value NETWORK_SUBNET)
		gateway=$(nic_value NETWORK_GATEWAY)
		;;
	esac
	[ -z "$subnet" ] || bits=${subnet##*/}
	printf 'Address=%s/%s\n' "$ip" "$bits"
	for server in $(nic_value NETWORK_DNS); do
		printf 'DNS=%s\n' "$server"
	done
	printf '[Link]\nRequiredForOnline=no\n'
	[ -n "$gateway" ] || return 0
	# Of several ways out the first NIC's counts, and any of these before one by DHCP.
	printf '[Route]\nGateway=%s\nMetric=%d\n' "$gateway" $((100 + nic))
	[ "$mode" = bridged ] || printf 'GatewayOnLink=yes\n'
}

# The system has no resolver of its own, so the C library reads this. It takes three.
set_name_servers() { # TARGET
	count=0
	for server in $name_servers; do
		if [ "$count" = 0 ]; then
			: >"$1/etc/resolv.conf"
			chmod 644 "$1/etc/resolv.conf"
		fi
		[ "$count" -lt 3 ] || break
		! grep -qxF "nameserver $server" "$1/etc/resolv.conf" || continue
		printf 'nameserver %s\n' "$server" >>"$1/etc/resolv.conf"
		count=$((count + 1))
	done
}
