# shellcheck shell=bash
# The kernel proper out of a bzImage (Documentation/arch/x86/boot.rst: setup_sects,
# payload_offset, payload_length). QEMU boots it by its PVH entry point.

number_at() { # FILE OFFSET BYTES: little-endian
	od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

unpack_kernel() { # BZIMAGE RESULT
	local start length
	start=$((($(number_at "$1" 497 1) + 1) * 512 + $(number_at "$1" 584 4)))
	# The last four bytes are the size of what comes out.
	length=$(($(number_at "$1" 588 4) - 4))
	payload() {
		head -c "$((start + length))" "$1" | tail -c "$length"
	}
	case $(od -A n -t x1 -j "$start" -N 4 "$1" | tr -d ' ') in
	02214c18) payload "$1" | lz4 -q -d -c >"$2" ;;
	28b52ffd) payload "$1" | zstd -q -d -c >"$2" ;;
	fd377a58) payload "$1" | xz -q -d -c >"$2" ;;
	1f8b*) payload "$1" | gzip -q -d -c >"$2" ;;
	*) die 'the kernel is compressed in a way that is not known here' ;;
	esac
}
