# shellcheck shell=sh
# What makes the unpacked files this instance's system. Values of parameters go
# from builtin commands to files and pipes, never into an argument list.

configure_system() { # TARGET DEVICE
	uuid=$(filesystem_uuid "$2")
	printf 'UUID=%s / ext4 errors=remount-ro,noatime 0 1\n' "$uuid" >"$1/etc/fstab"
	mkdir -p "$1/boot/extlinux"
	cat >"$1/boot/extlinux/extlinux.conf" <<-END
		serial 0 115200
		default debian
		prompt 0
		timeout 0
		label debian
		  linux /vmlinuz
		  initrd /initrd.img
		  append root=UUID=$uuid ro console=tty0 console=ttyS0,115200 quiet
	END
	percent 20
	set_host_name "$1"
	set_passwords "$1"
	percent 80
	set_authorized_keys "$1"
	set_network "$1"
	set_variant "$1"
	# An empty machine-id is filled at the first boot, and /etc needs no update then.
	: >"$1/etc/machine-id"
	touch "$1/etc/.updated" "$1/var/.updated"
}

filesystem_uuid() { # DEVICE
	tune2fs -l "$1" | sed -n 's/^Filesystem UUID: *//p'
}

# A system that comes from somewhere else, on a new filesystem: what it is started from, and what makes it this instance's.
adopt_system() { # TARGET DEVICE
	uuid=$(filesystem_uuid "$2")
	before=$(sed -n 's/.*root=UUID=\([0-9a-fA-F-]*\).*/\1/p' "$1/boot/extlinux/extlinux.conf" | head -n 1)
	[ -n "$before" ] || die 'What is imported is not a system that this definition has made.'
	sed -i "s/$before/$uuid/g" "$1/etc/fstab" "$1/boot/extlinux/extlinux.conf"
	# Of the boot loader itself a new one is installed.
	rm -f "$1/boot/extlinux/ldlinux.sys" "$1/boot/extlinux/ldlinux.c32"
	set_host_name "$1"
	set_passwords "$1"
	set_authorized_keys "$1"
	rm -f "$1"/etc/systemd/network/10-nic-*.network
	set_network "$1"
	# It is another machine than the one it was.
	: >"$1/etc/machine-id"
}

# Only names that are this instance's: a person may have chosen others.
change_host_name() { # TARGET OLD
	old=$2${OSP_HOSTNAME_SUFFIX:-}
	read -r name <"$1/etc/hostname" || name=
	[ "$name" = "${old%%.*}" ] || [ "$name" = "$old" ] || {
		echo 'The system has a host name of its own, which stays.'
		return 0
	}
	host_name=$INSTANCE_NAME${OSP_HOSTNAME_SUFFIX:-}
	printf '%s\n' "${host_name%%.*}" >"$1/etc/hostname"
	# Whole words, in the lines that hold both; the dots of a name mean dots.
	hosts=$(awk -v old="$old" -v new="$host_name" '
		function short(name) { sub(/\..*/, "", name); return name }
		$2 == old || $2 == short(old) {
			for (i = 2; i <= NF; i++) { if ($i == old) $i = new; else if ($i == short(old)) $i = short(new) }
		}
		{ print }' "$1/etc/hosts")
	printf '%s\n' "$hosts" >"$1/etc/hosts"
}

set_host_name() { # TARGET
	host_name=$INSTANCE_NAME${OSP_HOSTNAME_SUFFIX:-}
	printf '%s\n' "${host_name%%.*}" >"$1/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 %s %s\n::1 localhost ip6-localhost ip6-loopback\n' \
		"$host_name" "${host_name%%.*}" >"$1/etc/hosts"
}

set_passwords() { # TARGET
	if [ -n "${OSP_ADMIN_PASSWORD:-}" ] && ! grep -q '^admin:' "$1/etc/passwd"; then
		chroot "$1" /usr/sbin/useradd --create-home --shell /bin/bash --groups sudo admin
	fi
	{
		printf 'root:%s\n' "$OSP_ROOT_PASSWORD"
		if [ -n "${OSP_ADMIN_PASSWORD:-}" ]; then
			printf 'admin:%s\n' "$OSP_ADMIN_PASSWORD"
		fi
	} | env -i PATH=/usr/sbin:/usr/bin chroot "$1" /usr/sbin/chpasswd || die 'The passwords can not be set.'
}

set_authorized_keys() { # TARGET
	[ -n "${SLIPWAY_SSH_KEYS:-}${OSP_SSH_AUTHORIZED_KEYS:-}" ] || return 0
	mkdir -p "$1/root/.ssh"
	chmod 700 "$1/root/.ssh"
	printf '%s\n' ${SLIPWAY_SSH_KEYS:+"$SLIPWAY_SSH_KEYS"} ${OSP_SSH_AUTHORIZED_KEYS:+"$OSP_SSH_AUTHORIZED_KEYS"} >"$1/root/.ssh/authorized_keys"
	chmod 600 "$1/root/.ssh/authorized_keys"
}

set_variant() { # TARGET
	if [ "$OS_VARIANT" = bookworm-console ]; then
		ln -sf /dev/null "$1/etc/systemd/system/ssh.service"
		ln -sf /dev/null "$1/etc/systemd/system/ssh-host-key.service"
	fi
}
