/** A service in a network namespace, and who asks it from another one. */
import { spawn } from "node:child_process";
import { once } from "node:events";

import { run } from "./test-helper.ts";

const PORT = 8_080;
const SAYS = `require("node:net").createServer((peer) => { peer.on("error", () => {}); peer.end(process.argv[1] + " " + peer.remoteAddress.replace("::ffff:", "")); }).listen(${String(PORT)}, "::", () => console.log("ready"));`;

/** Tells everybody its name and the address from which it was asked, until it is ended. */
export async function serve(namespace: string, name: string): Promise<() => Promise<void>> {
  const child = spawn("ip", ["netns", "exec", namespace, process.execPath, "--eval", SAYS, name], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
}

/** What is told there, or null where nobody is reached. */
export async function ask(namespace: string, address: string): Promise<string | null> {
  return run("ip", ["netns", "exec", namespace, "timeout", "2", "bash", "-c", `exec 3<>/dev/tcp/${address}/${String(PORT)} && cat <&3`]).then(
    ({ stdout }) => stdout,
    () => null,
  );
}
