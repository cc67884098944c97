import type { GuestData, InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { type ApplianceScript, buildInstanceMetadata, buildMetadata, buildParameters, buildUserData, type ReportingInstall } from "./documents.ts";
import { buildEc2 } from "./ec2.ts";
import { buildGaneti, EXPORT_PATH, IMPORT_PATH, PACKAGE_PATH } from "./ganeti.ts";
import { viewGuest } from "./guest-view.ts";
import type { MetadataBody, MetadataTree } from "./metadata-content.ts";
import { buildOpenStack } from "./openstack.ts";
import { readTarScript, type TarScript } from "./tar-scripts.ts";
import { createTree, type Document, text } from "./tree.ts";

/** Private values that a restarted agent waits for. */
const LATER: MetadataBody = { kind: "later" };

export interface ApplianceTreeInput {
  readonly order: InstallOrder;
  /** The run's one-time token: it is in the guest's metadata and never logged. */
  readonly token: string;
  readonly script: ApplianceScript;
  /** Indexes of the disks that are attached. */
  readonly disks: ReadonlySet<number>;
  /** The untrusted half of the definition as one tar, and where its scripts are in it; null: `personalize`, which has none. */
  readonly archive: { readonly path: string; readonly length: number } | null;
  readonly scripts: readonly TarScript[];
}

/**
 * What the appliance may fetch during one run (design: "The service"): Ganeti's tree with the parameters of every class and the
 * scripts, and what the installed system will find in the other two. The run that lays a package over the system needs no value and
 * no user data, and gets none. What isn't a document comes as a stream (metadata-content.ts) and is only listed here.
 */
export function buildApplianceTree({ order, token, script, disks, archive, scripts }: ApplianceTreeInput): MetadataTree {
  const isDefinitions = script !== "personalize" && archive !== null;
  const documents = new Map<string, Document>(
    isDefinitions
      ? [
          ["os/untrusted.tar", { kind: "file", path: archive.path, length: archive.length }],
          ...scripts.map((one): [string, Document] => [
            `os/scripts/${one.name}`,
            async () => ({ kind: "text", bytes: await readTarScript(archive.path, one), type: "text/plain" }),
          ]),
        ]
      : [],
  );
  const view = viewGuest(order.instance, order.primaryNode);
  const userData = order.userData === null || !isDefinitions ? null : text(buildUserData(order.userData));
  const parameters: MetadataBody = { kind: "text", bytes: Buffer.from(buildParameters(isDefinitions ? order.parameters : new Map()), "utf8"), type: "application/json" };
  const metadata: MetadataBody = { kind: "text", bytes: Buffer.from(buildMetadata(order, { token, script, disks }), "utf8"), type: "application/json" };
  return createTree([buildEc2(view, userData), buildOpenStack(view, userData), buildGaneti(metadata, parameters, documents, streamPaths(script, disks))]);
}

function streamPaths(script: ApplianceScript, disks: ReadonlySet<number>): readonly string[] {
  switch (script) {
    case "personalize":
      return [PACKAGE_PATH];
    case "import":
      return [...disks].map((index) => `${IMPORT_PATH}/${String(index)}`);
    case "export":
      return [...disks].map((index) => `${EXPORT_PATH}/${String(index)}`);
    case "create":
    case "verify":
    case "rename":
      return [];
  }
}

export interface InstanceTreeInput {
  readonly spec: InstanceSpec;
  /** The node's name. */
  readonly node: string;
  /** Null: not there yet. Requests for its documents are held for a moment, until another tree takes this one's place. */
  readonly guestData: GuestData | null;
  /** While the system has an install to report: during a medium's run, or a first boot. Left out: in normal running. */
  readonly install?: ReportingInstall | null;
}

/**
 * What a running guest may fetch: no script, and only what it is given here: a secret and an install's token are part of it as long as
 * the system that runs is to end its own install (design: visibility, "through the first boot").
 *
 * Where a cluster requires tokens, they are required on every tree but for OpenStack's of an instance whose cloud-init was told to look
 * there: its OpenStack datasource can't send one. An instance whose datasource is EC2's (whose cloud-init always sends one) is protected
 * as a whole, because otherwise whoever gets a program in the guest to fetch an address would read the same user data one tree further.
 */
export function buildInstanceTree({ spec, node, guestData, install = null }: InstanceTreeInput): MetadataTree {
  const view = viewGuest(spec, node);
  const userData = guestData === null ? LATER : guestData.userData === null ? null : text(buildUserData(guestData.userData));
  const parameters: MetadataBody = guestData === null ? LATER : { kind: "text", bytes: Buffer.from(buildParameters(guestData.parameters), "utf8"), type: "application/json" };
  const metadata: MetadataBody = { kind: "text", bytes: Buffer.from(buildInstanceMetadata(spec, node, install), "utf8"), type: "application/json" };
  return createTree([buildEc2(view, userData), buildOpenStack(view, userData), buildGaneti(metadata, parameters)], new Set(spec.datasource === "openstack" ? (["openstack"] as const) : []));
}
