import { z } from "zod";
import type { ApiClient } from "#scripts/up/api.ts";

const INSTALL_MS = 600_000;
const ENDED = ["done", "failed", "cancelled", "timed_out"];
const endSchema = z.object({ state: z.string(), error: z.object({ message: z.string() }).nullable() });

/** Follows an install to its end. @throws Error where that isn't `done` */
export async function untilInstalled<T extends z.ZodType>(api: ApiClient, installId: string, schema: T): Promise<z.output<T>> {
  const address = `/api/v1/installs/${installId}`;
  const end = await api.waitFor(
    async () => {
      const now = await api.get(address, endSchema);
      return ENDED.includes(now.state) ? now : null;
    },
    { what: "an install", timeoutMs: INSTALL_MS },
  );
  if (end.state !== "done") throw new Error(`the install has ended as ${end.state}: ${end.error?.message ?? ""}`);
  return api.get(address, schema);
}

/** Until the job has ended: as long as it goes on, the instance is its own. */
export async function stopInstance(api: ApiClient, name: string): Promise<void> {
  const { jobId } = await api.post(`/api/v1/instances/${name}/power`, { action: "stop", graceSeconds: 0 }, z.object({ jobId: z.number() }));
  const status = await api.waitFor(
    async () => {
      const now = (await api.get(`/api/v1/jobs/${jobId}`, z.object({ status: z.string() }))).status;
      return ["success", "error", "canceled"].includes(now) ? now : null;
    },
    { what: "stopping the instance", timeoutMs: 60_000 },
  );
  if (status !== "success") throw new Error(`stopping the instance has ended as ${status}`);
}
