/** Where the firmware loads a boot sector. */
const LOADED_AT = 0x7c00;

/** As assembler: write "off" to the register that the machine's firmware has put at 604. */
const POWER_OFF = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef];

/**
 * A boot sector that says a line on the first serial port and stops there: the smallest system that boots.
 *
 * As assembler: clear ds; for each byte at si until 0: wait until the port may be written to (bit 5 of 3FD), write it to 3F8; halt.
 *
 * @param then what it does then
 */
export function bootSector(text: string, then: "halt" | "power off" = "halt"): Buffer {
  const program = [0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0, 0, 0xac, 0x84, 0xc0, 0x74, 0x12, 0x88, 0xc3, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xf8, 0x88, 0xd8, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xe9, ...(then === "halt" ? [] : POWER_OFF), 0xf4, 0xeb, 0xfd];
  const sector = Buffer.alloc(512);
  Buffer.from(program).copy(sector);
  sector.writeUInt16LE(LOADED_AT + program.length, 5);
  sector.write(`${text}\r\n`, program.length, "latin1");
  // What makes it one.
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
