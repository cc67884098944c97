# shellcheck shell=sh
# The disk: one partition, ext4, the files, a boot loader.

# Sets root_device.
partition_disk() { # DISK
	printf 'label: dos\nstart=1MiB, type=83, bootable\n' |
		sfdisk --quiet --wipe always --no-reread --no-tell-kernel "$1" || die 'The disk can not be partitioned.'
	blockdev --rereadpt "$1" || die 'The kernel does not take the new partition table.'
	root_device=${1}1
	[ -b "$root_device" ] || die 'The new partition does not appear.'
}

# extlinux can't read 64-bit ext4. The inode tables are cleared by the kernel later, not now.
make_filesystem() { # DEVICE
	mke2fs -q -F -t ext4 -L root -m 1 -O '^64bit,^metadata_csum' -E lazy_itable_init=1,lazy_journal_init=1 "$1" ||
		die 'The filesystem can not be created.'
}

# The bar that unsquashfs draws becomes percents; each is said once.
unpack_image() { # IMAGE TARGET
	rm -f /tmp/unpacked
	{
		unsquashfs -f -da 8 -fr 8 -d "$2" "$1" 2>&1 && : >/tmp/unpacked
	} | tr '\r' '\n' | {
		last=0
		while IFS= read -r line; do
			case $line in
			\[*\]*%)
				number=${line##* }
				number=${number%\%}
				if [ "$number" -gt "$last" ]; then
					last=$number
					percent "$number"
				fi
				;;
			'' | Parallel*) ;;
			*) printf '%s\n' "$line" ;;
			esac
		done
	}
	[ -e /tmp/unpacked ] || die 'The image can not be unpacked.'
}

install_boot_loader() { # DISK TARGET
	extlinux --install "$2/boot/extlinux" 2>&1 || die 'The boot loader can not be installed.'
	dd if=/usr/lib/EXTLINUX/mbr.bin of="$1" bs=440 count=1 conv=notrunc 2>/dev/null ||
		die 'The boot sector can not be written.'
}

# Files with their owners, links and devices, to standard output. Sockets are made anew by whoever listens.
pack_files() { # TARGET
	rm -f /tmp/packed
	{
		tar -c -f - -C "$1" . && : >/tmp/packed
	} | zstd -q -1 -T0 -c || die 'The files can not be compressed.'
	[ -e /tmp/packed ] || die 'The files can not be read.'
}

# What pack_files has written, from standard input.
unpack_files() { # TARGET
	rm -f /tmp/unpacked
	{
		zstd -q -d -c && : >/tmp/unpacked
	} | tar -x -f - -C "$1" --numeric-owner || die 'The files can not be unpacked.'
	[ -e /tmp/unpacked ] || die 'What is imported is broken.'
}
