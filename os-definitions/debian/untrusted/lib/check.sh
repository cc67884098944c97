# shellcheck shell=sh
# Everything that can be wrong with a request, found before the disk is touched.

minimum_disk_mib=640

newline='
'

check_request() {
	check_parameters
	[ "${DISK_COUNT:-0}" -ge 1 ] || die 'The instance has no disk.'
	[ "${DISK_0_ACCESS:-rw}" = rw ] || die 'The first disk is read-only.'
	[ -b "${SLIPWAY_OS_IMAGE:-}" ] || die 'The image of this definition is not attached.'
	# Sectors of 512 bytes.
	read -r sectors <"/sys/class/block/${DISK_0_PATH##*/}/size"
	disk_mib=$((sectors / 2048))
	[ "$disk_mib" -ge "$minimum_disk_mib" ] ||
		die "The first disk has $disk_mib MiB; this system needs $minimum_disk_mib MiB."
	case ${OS_VARIANT:-} in
	bookworm | bookworm-console) ;;
	*) die 'This definition has no such variant.' ;;
	esac
}

check_parameters() {
	[ -n "${OSP_ROOT_PASSWORD:-}" ] || die 'The parameter root_password is missing.'
	check_password root_password "$OSP_ROOT_PASSWORD"
	check_password admin_password "${OSP_ADMIN_PASSWORD:-}"
	check_keys ssh_authorized_keys "${OSP_SSH_AUTHORIZED_KEYS:-}"
	case ${OSP_HOSTNAME_SUFFIX:-} in
	*[!a-z0-9.-]*) die 'The parameter hostname_suffix may have only a-z, 0-9, dots and hyphens.' ;;
	esac
}

# chpasswd reads lines, so a password can't have several.
check_password() { # NAME VALUE
	case $2 in
	*"$newline"*) die "The parameter $1 may not contain a line break." ;;
	esac
}
