/** What is told of a guest that sent what isn't its own or isn't allowed (helper/PROTOCOL.md, `refused`). */
export function refusalText(what: string): string {
  switch (what) {
    case "source":
      return "The guest sent packets from a MAC or an address that isn't its own; they are dropped.";
    case "arp":
      return "The guest sent ARP or neighbour discovery messages for an address that isn't its own or as a router, or too many; they are dropped.";
    case "dhcp":
      return "The guest asked for a lease that isn't its own, or too often, or answered as a DHCP server; that is dropped.";
    case "port":
      return "The guest tried to reach something of its host that isn't open to it.";
    case "flood":
      return "The guest opens connections more quickly than it may, or more at once; those beyond are dropped.";
    case "neighbour":
      return "The guest tried to reach something else than its host over its channel.";
    default:
      return "The guest sent something that isn't allowed; it is dropped.";
  }
}
