import { formatBytes, formatMib } from "#components/format.ts";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { ExportManifest } from "#lib/domain/export-manifest.ts";

/** The files of an export, each with the disk that it is of. */
export function ExportFiles({ manifest }: { readonly manifest: ExportManifest }) {
  return (
    <Table label="Files">
      <thead>
        <tr>
          <Th>File</Th>
          <Th>Of</Th>
          <Th className="text-right">Size</Th>
          <Th>Digest</Th>
        </tr>
      </thead>
      <tbody>
        {manifest.files.map((file) => {
          const disk = manifest.instance.disks.find(({ index }) => index === file.index);
          return (
            <Tr key={file.name}>
              <Td>
                <Mono>{file.name}</Mono>
              </Td>
              <Td className="whitespace-nowrap">
                disk {file.index}
                {disk === undefined ? null : `, ${formatMib(disk.sizeMib)}`}
              </Td>
              <Td className="text-right whitespace-nowrap">{formatBytes(file.bytes)}</Td>
              <Td>
                <Digest digest={file.sha256} label={`digest of ${file.name}`} />
              </Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
