# shellcheck shell=bash
# Debian packages without root: found and fetched by this machine's apt, from
# whatever sources it is set up with, and unpacked without their scripts.

apt_options=()

# Some machines keep no package lists, and an ordinary user can't update the machine's: then our own.
use_own_lists() { # FOLDER
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	apt_options=(-o "Dir::State::Lists=$1/lists" -o "Dir::Cache=$1/cache" -o Debug::NoLocking=true)
	if [ "$(id -u)" = 0 ]; then
		# apt's own user may not be able to enter the folder.
		apt_options+=(-o APT::Sandbox::User=root)
	fi
}

list_packages() { # NAME...: a line "name version sha256" for each, sorted
	apt-get "${apt_options[@]}" -qq download --print-uris "$@" 2>/dev/null |
		sed -nE "s/^'[^']*' ([^_]+)_([^_]+)_[^ ]*\.deb [0-9]+ SHA256:([0-9a-f]{64}).*/\1 \2 \3/p" |
		sed 's/%3a/:/; s/%2b/+/g; s/%7e/~/g' | sort
}

# Sets `resolved` to such lines for all of the packages, the kernel's metapackage
# replaced by the image that it stands for; refreshes the lists once if some are unknown.
resolve_packages() { # SCRATCH LISTS NAME...
	local scratch=$1 lists=$2 wanted
	shift 2
	cd "$scratch" || exit
	try_packages "$@" && return
	use_own_lists "$lists"
	try_packages "$@" && return
	update_lists
	try_packages "$@" || die "apt doesn't know all of: ${wanted[*]}"
}

update_lists() {
	note 'updating package lists of its own'
	# A source that can't be reached doesn't matter if the others have all packages.
	apt-get "${apt_options[@]}" -qq update >/dev/null 2>&1 || true
}

try_packages() { # NAME...
	local name image
	wanted=()
	for name; do
		case $name in
		linux-image-*)
			image=$(apt-cache "${apt_options[@]}" depends "$name" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
			wanted+=("${image:-$name}")
			;;
		*) wanted+=("$name") ;;
		esac
	done
	resolved=$(list_packages "${wanted[@]}")
	[ "$(cut -d ' ' -f 1 <<<"$resolved" | sort -u | wc -l)" = "${#wanted[@]}" ]
}

# Fetches exactly what `resolved` says, and unpacks it.
fetch_packages() { # SCRATCH TREE
	local name version sha256 file specs=()
	cd "$1" || exit
	while read -r name version _; do
		specs+=("$name=$version")
	done <<<"$resolved"
	apt-get "${apt_options[@]}" -qq download "${specs[@]}" >/dev/null 2>"$1/../apt.log" ||
		die "apt can't fetch the packages: $(grep '^E:' "$1/../apt.log" | head -n 1); after apt-get update it may"
	while read -r name _ sha256; do
		file=$(find . -maxdepth 1 -name "${name}_*.deb")
		[ "$(sha256sum "$file" | cut -d ' ' -f 1)" = "$sha256" ] || die "package $name isn't the one that apt's lists describe"
		dpkg-deb -x "$file" "$2"
	done <<<"$resolved"
}

# Sets `resolved` to a line "name version" for every package that a new system
# of this suite would get for the named ones, sorted; refreshes the lists once if need be.
resolve_system() { # LISTS SUITE NAME...
	local lists=$1 suite=$2
	shift 2
	try_system "$suite" "$@" && return
	use_own_lists "$lists"
	try_system "$suite" "$@" && return
	update_lists
	try_system "$suite" "$@" || die "apt's sources have no Debian $suite with all of: $*"
}

try_system() { # SUITE NAME...
	local suite=$1
	shift
	[ -n "$(debian_sources "$suite")" ] || return 1
	resolved=$(apt-get "${apt_options[@]}" -o Dir::State::Status=/dev/null -qq --simulate --no-install-recommends install "$@" 2>/dev/null |
		sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1 \2/p' | sort)
	[ -n "$resolved" ]
}

# This machine's own sources of Debian's suite, and of no other vendor, as a sources.list.
debian_sources() { # SUITE
	# shellcheck disable=SC2016 # these are apt's variables
	apt-get "${apt_options[@]}" indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		awk -F '|' -v suite="$1" '$1 == "Debian" && ($2 == suite || index($2, suite "-") == 1) {
			print "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " $3 " " $4 " " $5
		}' | sort -u
}
