# shellcheck shell=sh
# Whether lines are public keys as ssh-keygen writes them, without ssh-keygen.

check_keys() { # NAME VALUE: empty lines and comments are none, and nothing is said of them
	number=0
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		case $line in
		'' | '#'*) ;;
		*) is_key "$line" || die "Line $number of the parameter $1 is not a public key as ssh-keygen writes it." ;;
		esac
	done <<-END
		$2
	END
}

is_key() { # LINE
	type=${1%% *}
	[ "$type" != "$1" ] || return 1
	encoded=${1#* }
	encoded=${encoded%% *}
	# Bytes of the whole key: its fields, each with its length before it. `+`: or more.
	case $type in
	ssh-ed25519) bytes=51 ;;
	ecdsa-sha2-nistp256) bytes=104 ;;
	ecdsa-sha2-nistp384) bytes=136 ;;
	ecdsa-sha2-nistp521) bytes=172 ;;
	ssh-rsa) bytes=148+ ;;
	sk-ssh-ed25519@openssh.com) bytes=74+ ;;
	sk-ecdsa-sha2-nistp256@openssh.com) bytes=127+ ;;
	*) return 1 ;;
	esac
	case $encoded in
	'' | *[!A-Za-z0-9+/=]*) return 1 ;;
	esac
	[ $((${#encoded} % 4)) = 0 ] || return 1
	decoded=$(printf '%s' "$encoded" | base64 -d 2>/dev/null | hex)
	length=$((${#decoded} / 2))
	case $bytes in
	*+) [ "$length" -ge "${bytes%+}" ] || return 1 ;;
	*) [ "$length" = "$bytes" ] || return 1 ;;
	esac
	# The type stands in the key once more, with its length before it.
	case $decoded in
	"$(printf '%08x' "${#type}")$(printf '%s' "$type" | hex)"*) ;;
	*) return 1 ;;
	esac
}

hex() {
	od -A n -v -t x1 | tr -d ' \n'
}
