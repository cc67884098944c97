import { Status } from "#components/status/mark.tsx";
import { JOB_STATUS } from "#components/status/statuses.ts";
import { Mono } from "#components/ui/mono.tsx";
import type { JobDetail } from "#lib/domain/views.ts";

/** The opcodes of a job in Ganeti's shape. Where a private or secret value was, there is its name and nothing else. */
export function JobOpcodes({ job }: { readonly job: JobDetail }) {
  return (
    <ol className="flex flex-col">
      {job.ops.map((op, index) => {
        const status = job.opStatus[index];
        const look = status === undefined ? null : JOB_STATUS[status];
        return (
          // Opcodes have no identity but their place.
          <li key={index} className="border-t border-line px-4 py-3">
            <div className="mb-2 flex flex-wrap items-center justify-between gap-3">
              <Mono>{typeof op["OP_ID"] === "string" ? op["OP_ID"] : `opcode ${index + 1}`}</Mono>
              {look === null ? null : <Status tone={look.tone}>{look.word}</Status>}
            </div>
            <pre tabIndex={0} aria-label={`Opcode ${index + 1}`} className="overflow-x-auto rounded-sm bg-log p-3 font-mono text-small">
              {JSON.stringify(op, null, 2)}
            </pre>
          </li>
        );
      })}
    </ol>
  );
}
