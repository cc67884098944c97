# Sourced: what a disk needs to say a line on the first serial port and stop there (agent/e2e/boot-sector.ts has it as assembler).

# sector DEVICE LINE: before the table of partitions, which stays
sector() {
	{
		printf '\061\300\216\330\276\041\174\254\204\300\164\022\210\303\272\375\003\354\250\040\164\370\210\330\272\370\003\356\353\351\364\353\375'
		printf '%s\r\n' "$2"
	} >/tmp/sector
	truncate -s 440 /tmp/sector
	dd if=/tmp/sector of="$1" bs=440 count=1 conv=notrunc 2>/dev/null
}
