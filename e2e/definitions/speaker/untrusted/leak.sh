# Sourced: says what the script knows, in each form that a value could leave in, split over two writes, and on the serial console.

# leak NAME VALUE
leak() {
  echo "plain $2"
  printf '%s' "split $2" | head -c 14
  printf '%s\n' "split $2" | tail -c +15
  printf 'base64 '; printf '%s' "$2" | base64
  printf 'shifted '; printf 'x%s' "$2" | base64
  printf 'hex '; printf '%s' "$2" | od -An -tx1 | tr -d ' \n'; echo
  printf 'url '; jq -rn --arg value "$2" '$value | @uri'
  printf 'json '; jq -n --arg value "$2" '$value'
  printf '{"step":"speak","percent":50,"message":"%s"}\n' "$2"
  jq -cn --arg value "$2" '{step: "speak", percent: 50, message: ("progress " + $value)}'
  # The serial console is another way out.
  echo "console $2" > /dev/ttyS0
  # No value can be read from its digest, but whether it arrived can.
  printf 'arrived %s ' "$1"; printf '%s' "$2" | sha256sum | cut -d ' ' -f 1
}

# served NAME: what the metadata service says of a parameter to who asks it, without the runner
served() {
  document=$(wget -qO- http://169.254.169.254/ganeti/latest/os/parameters.json)
  printf 'served %s %s ' "$1" "$(printf '%s' "$document" | jq -r --arg name "$1" '.[$name][1]')"
  printf '%s' "$document" | jq -j --arg name "$1" '.[$name][0]' | sha256sum | cut -d ' ' -f 1
}
