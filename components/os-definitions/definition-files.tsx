import { formatBytes } from "#components/format.ts";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";

type File = OsDefinitionDetail["files"][number];

/** Every file of a version, scripts first, with what would run it. */
export function DefinitionFiles({ files, trusted }: { readonly files: readonly File[]; readonly trusted: boolean }) {
  return (
    <Table label="Files">
      <thead>
        <tr>
          <Th>File</Th>
          <Th>Runs</Th>
          <Th className="text-right">Mode</Th>
          <Th className="text-right">Size</Th>
          <Th>Digest</Th>
        </tr>
      </thead>
      <tbody>
        {[...files].sort(byRole).map((file) => (
          <Tr key={file.path}>
            <Td className="whitespace-nowrap">
              <Mono>{file.path}</Mono>
            </Td>
            <Td className="whitespace-nowrap">{placeOf(file, trusted)}</Td>
            <Td className="text-right">
              <Mono>{(file.mode & 0o777).toString(8).padStart(4, "0")}</Mono>
            </Td>
            <Td className="text-right whitespace-nowrap">{formatBytes(file.size)}</Td>
            <Td>
              <Digest digest={file.digest} label={`digest of ${file.path}`} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

const SCRIPT = /^(untrusted\/)?(create|import|export|rename|verify)$/;

/** Where a file's code would run, if it is a script. */
function placeOf(file: File, trusted: boolean) {
  const script = SCRIPT.exec(file.path);
  if (script === null) return <span className="text-soft">no script</span>;
  if (script[1] !== undefined) return "in the appliance";
  return trusted ? <b className="font-medium text-bad">on the host, as root</b> : <span className="text-soft">nowhere: not trusted</span>;
}

function byRole(a: File, b: File): number {
  const difference = Number(SCRIPT.test(b.path)) - Number(SCRIPT.test(a.path));
  return difference !== 0 ? difference : a.path < b.path ? -1 : 1;
}
