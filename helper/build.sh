#!/bin/sh
# Builds slipway-helper, slipway-launch and slipway-script into a folder; with --testing also what the tests play a guest with.
# Needs gcc, libnftables-dev and libmnl-dev (Debian).
set -eu

[ $# -ge 1 ] || { echo "usage: helper/build.sh FOLDER [--testing]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"

warnings="-std=c11 -Wall -Wextra -Wshadow -Wformat=2 -Werror"
hardening="-O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE"
linking="-pie -Wl,-z,relro,-z,now,-z,noexecstack"

helper="main.c lock.c worker.c peers.c requests.c put-link.c answer-channel.c answer-nic.c answer-remove.c openings.c hooks.c
	guests.c state.c config.c values.c log.c links.c sysctls.c netlink.c link-watch.c rules.c rule-templates.c rule-watch.c
	leases.c dnsmasq.c connections.c scripts.c answer-script.c script-records.c script-init.c script-place.c
	script-privileges.c script-mapping.c loops.c cgroups.c"

# Lists of words, split on purpose.
# shellcheck disable=SC2086
gcc $warnings $hardening $linking -o "$out/slipway-helper" $helper -lnftables -lmnl
# shellcheck disable=SC2086
gcc $warnings $hardening $linking -o "$out/slipway-launch" launch.c
# shellcheck disable=SC2086
gcc $warnings $hardening $linking -o "$out/slipway-script" script.c
if [ "${2:-}" = --testing ]; then
	# shellcheck disable=SC2086
	gcc $warnings $hardening $linking -o "$out/slipway-frames" testing/frames.c
fi
