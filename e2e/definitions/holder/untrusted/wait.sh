# Until it is told to go on, by a line of its own to read.
wait_for_go() {
	echo "waiting in $1"
	until wget -q -O - http://169.254.169.254/ganeti/latest/read 2>/dev/null | grep -q '^go$'; do sleep 0.2; done
	echo "going on in $1"
}
