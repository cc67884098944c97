# shellcheck shell=bash
# The full userland: a squashfs of a Debian as its own packages set it up, with
# the kernel modules of this appliance. It is kept by the digest of what it is
# made from, apart from the rest, because it takes longest and changes least.

# Names of this machine (its mirrors, resolver, host name) stay out of it, and
# so does what nobody reads.
# shellcheck disable=SC2016 # mmdebstrap gives the folder to the hook as $1
root_setup='set -eu
rm -rf "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old
rm -f "$1"/var/log/*.log "$1"/var/log/apt/* "$1/etc/hostname" "$1/etc/resolv.conf" "$1/etc/machine-id" "$1/var/lib/dbus/machine-id"
echo appliance >"$1/etc/hostname"
printf "127.0.0.1\tlocalhost\n" >"$1/etc/hosts"
: >"$1/etc/resolv.conf"
: >"$1/etc/machine-id"
rm -f "$1/etc/mtab"
ln -s /proc/self/mounts "$1/etc/mtab"
rm -rf "$1"/usr/lib/udev/hwdb.*
chroot "$1" /sbin/depmod "$(ls "$1/usr/lib/modules")"'

# Writes OUT/root-<INPUTS>/root.squashfs unless it is there, and sets `root_image`
# to it. MODULES is a folder whose usr/lib/modules the userland gets. The programs
# in `hooks` are run on its tree, in their order.
build_root() { # OUT INPUTS SUITE MODULES NAME...
	local out=$1 inputs=$2 suite=$3 modules=$4 mode=root
	shift 4
	root_image=$out/root-$inputs/root.squashfs
	[ ! -f "$root_image" ] || return 0
	# mksquashfs gives / itself to whoever runs it.
	local squash=(mksquashfs)
	if [ "$(id -u)" != 0 ]; then
		mode=unshare
		squash=(unshare --map-root-user mksquashfs)
	fi
	local hook changes=()
	for hook in "${hooks[@]}"; do
		changes+=(--customize-hook="$hook")
	done
	note "installing $# packages and what they depend on, which takes a minute"
	debian_sources "$suite" >"$work/sources.list"
	tar --create --file "$work/modules.tar" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$modules" usr
	mkdir "$work/root-result"
	# LZ4 because programs are read from it while somebody waits.
	(
		cd /
		# Both read it: no time in the result is later.
		export SOURCE_DATE_EPOCH=0
		mmdebstrap --quiet --mode="$mode" --variant=essential --format=tar \
			--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr \
			--include="$(IFS=, && echo "$*")" \
			--dpkgopt='path-exclude=/usr/share/man/*' \
			--dpkgopt='path-exclude=/usr/share/info/*' \
			--dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-include=/usr/share/doc/*/copyright' \
			--dpkgopt='path-exclude=/usr/share/locale/*' \
			--dpkgopt='path-exclude=/usr/share/lintian/*' \
			--dpkgopt='path-exclude=/usr/share/bug/*' \
			--customize-hook="tar-in '$work/modules.tar' /" \
			"${changes[@]}" \
			--customize-hook="$root_setup" \
			"$suite" - "$work/sources.list" 2>"$work/mmdebstrap.log" |
			"${squash[@]}" - "$work/root-result/root.squashfs" -tar -comp lz4 -root-mode 755 -quiet -no-progress >"$work/mksquashfs.log" 2>&1
	) || {
		tail -n 20 "$work/mmdebstrap.log" "$work/mksquashfs.log" >&2
		die 'the full userland could not be built'
	}
	# Another build of the same inputs may have been quicker.
	if ! mv -T "$work/root-result" "$out/root-$inputs" 2>/dev/null; then
		[ -f "$root_image" ] || die "$out/root-$inputs can't be written"
	fi
}
