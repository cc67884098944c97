"use client";

import { useState } from "react";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { useChange } from "#components/api/use-change.ts";
import { formatBytes } from "#components/format.ts";
import { api } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { ApplianceView } from "#lib/domain/appliance-views.ts";

/** Contract that all operations need: appliance/README.md. */
const FULL_CONTRACT = 2;

/** The appliances that are registered, and which one the next installs use. */
export function ApplianceTable({ appliances }: { readonly appliances: readonly ApplianceView[] }) {
  const [asked, setAsked] = useState<ApplianceView | null>(null);
  return (
    <>
      <Table label="Appliances">
        <thead>
          <tr>
            <Th>Appliance</Th>
            <Th>Digest</Th>
            <Th>Can do</Th>
            <Th>Kernel</Th>
            <Th className="text-right">Size</Th>
            <Th>Registered</Th>
            <Th>In use</Th>
          </tr>
        </thead>
        <tbody>
          {appliances.map((appliance) => (
            <Tr key={appliance.digest}>
              <Td className="whitespace-nowrap">{appliance.name}</Td>
              <Td>
                <Digest digest={appliance.digest} label={`digest of ${appliance.name}`} />
              </Td>
              <Td className="whitespace-nowrap">
                {appliance.contractVersion >= FULL_CONTRACT ? "everything" : "create only"}
                {appliance.hasRoot ? "" : ", small system"}
              </Td>
              <Td className="whitespace-nowrap">{appliance.kernelVersion}</Td>
              <Td className="text-right whitespace-nowrap">{formatBytes(appliance.sizeBytes)}</Td>
              <Td className="whitespace-nowrap">
                <RelativeTime at={appliance.createdAt} /> <span className="text-soft">by {appliance.registeredBy}</span>
              </Td>
              <Td className="whitespace-nowrap">{appliance.inUse ? <Status tone="ok">in use</Status> : <Button onClick={() => setAsked(appliance)}>Use</Button>}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      <Dialog open={asked !== null} onClose={() => setAsked(null)} title={asked === null ? "" : `Use ${asked.name}`}>
        {asked === null ? null : <UseForm appliance={asked} onClose={() => setAsked(null)} />}
      </Dialog>
    </>
  );
}

function UseForm({ appliance, onClose }: { readonly appliance: ApplianceView; readonly onClose: () => void }) {
  const { busy, problem, send } = useChange();
  return (
    <div className="flex flex-col gap-4 px-5 py-4">
      <p>
        Installs that begin from now on, and rescue systems, run in {appliance.name} of <Digest digest={appliance.digest} label="digest of the appliance" />. It sees parameters and disks of what it installs. Those under way keep the one they began with.
        {appliance.contractVersion >= FULL_CONTRACT ? null : " It can’t export, import, rename, lay packages over a system or be a rescue system: those are refused."}
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button data-first onClick={onClose}>
          Leave it
        </Button>
        <Button kind="main" disabled={busy} onClick={() => void send("PATCH", api.cluster(), { applianceDigest: appliance.digest }).then((sent) => sent && onClose())}>
          Use {appliance.name}
        </Button>
      </div>
    </div>
  );
}
