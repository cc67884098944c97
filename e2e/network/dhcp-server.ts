import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

export interface DhcpServer {
  end(): Promise<void>;
}

/** An administrator's own DHCP server on a bridge, which knows one MAC address; it has nothing to do with the helper's. */
export async function startDhcpServer(folder: string, { bridge, mac, ip }: { readonly bridge: string; readonly mac: string; readonly ip: string }): Promise<DhcpServer> {
  const network = ip.replace(/\d+$/, "0");
  const child = spawn(
    "dnsmasq",
    ["--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--port=0", "--bind-dynamic", `--interface=${bridge}`, "--except-interface=lo", `--dhcp-range=${network},static,255.255.255.0,1h`, `--dhcp-host=${mac},${ip}`, `--dhcp-leasefile=${path.join(folder, "leases")}`, "--user=root", "--pid-file="],
    { cwd: "/", stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = once(child, "exit");
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      said.push(line);
      if (line.includes("started")) resolve();
    });
    void exited.then(() => {
      reject(new Error(`the DHCP server ended at its start: ${said.join("\n")}`));
    });
  });
  return {
    end: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
