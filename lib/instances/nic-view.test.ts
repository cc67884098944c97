import { expect, test } from "vitest";
import { nicView } from "./nic-view.ts";

function viewed(reach: unknown) {
  const nic = { id: "0c5a1f6e-8b1d-4c6e-9a57-3f2b8d7e6c51", instanceId: "0c5a1f6e-8b1d-4c6e-9a57-3f2b8d7e6c52", index: 0, mac: "aa:00:00:12:34:56", ip: null, mode: "user", link: null, name: null, networkId: null, network: null, forwards: [22] };
  // What stands in the table is JSON of an agent's making.
  return nicView({ ...nic, reach: reach as never }).reach;
}

test("an instance is reached on its node's loopback", () => {
  expect(viewed([{ guestPort: 22, host: "127.0.0.1", port: 20_022 }])).toEqual([{ guestPort: 22, host: "127.0.0.1", port: 20_022 }]);
});

test.each([
  ["another host", { guestPort: 22, host: "203.0.113.66", port: 22 }],
  ["what a shell would carry out", { guestPort: 22, host: "127.0.0.1;id", port: 20_022 }],
  ["what is no port", { guestPort: 22, host: "127.0.0.1", port: 0 }],
])("nobody is told to go to %s, whatever an agent says", (_what, place) => {
  expect(viewed([place])).toEqual([]);
});
