"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

/** Removes an export. Open while the address says so. */
export function DeleteExportDialog({ id, instanceName, node, user }: { readonly id: string; readonly instanceName: string; readonly node: string; readonly user: string }) {
  const router = useRouter();
  const open = useSearchParams().get("do") === "delete";
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const close = (): void => {
    setProblem(null);
    router.replace(paths.export(id), { scroll: false });
  };
  const send = async (): Promise<void> => {
    setBusy(true);
    const answer = await request("DELETE", api.exportOf(id));
    if (answer.ok) {
      router.push(paths.exports());
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  return (
    <Dialog open={open} onClose={close} title={`Delete the export of ${instanceName}`}>
      <div className="flex flex-col gap-4 px-5 py-4">
        <p>Its files are removed from {node}. Instances that were made of it stay as they are.</p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div className="flex flex-wrap justify-end gap-2">
          <CopyButton text={() => curlCommand({ method: "DELETE", url: `${window.location.origin}${api.exportOf(id)}`, user, body: {}, sealed: [] })}>Copy as curl</CopyButton>
          <Button data-first onClick={close}>
            Leave it
          </Button>
          <Button kind="danger-main" disabled={busy} onClick={() => void send()}>
            Delete the export
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
