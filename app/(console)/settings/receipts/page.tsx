import type { Metadata } from "next";
import type { ReactNode } from "react";
import { consolePage } from "#components/page/console-page.tsx";
import { requireSettings } from "#components/settings/require-settings.ts";
import { SettingsHeader } from "#components/settings/settings-header.tsx";
import { Status } from "#components/status/mark.tsx";
import { Card } from "#components/ui/card.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import { getCluster } from "#lib/cluster/get-cluster.ts";
import { listReceiptKeys } from "#lib/receipts/list-receipt-keys.ts";

export const metadata: Metadata = { title: "Receipt keys" };

/** Public keys by which anybody can verify what was installed. */
export default function ReceiptKeysPage(): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    requireSettings(ctx.identity);
    const [cluster, keys] = await Promise.all([getCluster(ctx), listReceiptKeys(ctx)]);
    return (
      <>
        <SettingsHeader cluster={cluster.name} />
        <Card>
          {keys.length === 0 ? (
            <EmptyState title="No keys yet">The first receipt makes one.</EmptyState>
          ) : (
            <Table label="Receipt keys">
              <thead>
                <tr>
                  <Th>Key</Th>
                  <Th>State</Th>
                  <Th>Made</Th>
                  <Th>Public key</Th>
                </tr>
              </thead>
              <tbody>
                {keys.map((key) => (
                  <Tr key={key.keyId}>
                    <Td>
                      <Digest digest={key.keyId} label="id of the key" />
                    </Td>
                    <Td className="whitespace-nowrap">{key.retiredAt === null ? <Status tone="ok">signs</Status> : <Status tone="still">only verifies</Status>}</Td>
                    <Td className="text-soft">
                      <RelativeTime at={key.createdAt} />
                    </Td>
                    <Td className="whitespace-nowrap">
                      <span className="inline-flex items-center">
                        Ed25519
                        <CopyIcon text={key.publicKey} label="public key" />
                      </span>
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )}
          <p className="border-t border-line px-4 py-3 text-soft">
            Every install ends with a receipt that one of these has signed. <Mono>./slipway receipt keys</Mono> prints them, <Mono>./slipway receipt verify</Mono> checks a receipt.
          </p>
        </Card>
      </>
    );
  });
}
