# shellcheck shell=sh
# What the scripts tell the host: lines of JSON are progress, all others log.
# Nothing that is reported is taken from a parameter's value.

# A step begins; its id is one of those in slipway.json.
step() { # ID
	current_step=$1
	printf '{"step":"%s","percent":0}\n' "$1"
}

percent() { # NUMBER: how much of the current step is done
	printf '{"step":"%s","percent":%d}\n' "$current_step" "$1"
}

die() { # SENTENCE
	printf '%s\n' "$1"
	exit 1
}
