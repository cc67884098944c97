import type { Duplex, Readable } from "node:stream";
import type { ChannelMessage, DiskOrder, DiskResult, FolderList, GuestData, InstallOrder, InstallStatus, InstanceRuntime, LeaseRenewal, NodeFacts, PowerOrder, ProbeRequest, ProbeResult } from "#lib/agent-protocol/messages.ts";
import type { Journal } from "../journal/journal.ts";

/**
 * What stands behind the api: the real agent (agent/node-agent.ts) or a simulated one. Every method may throw a SlipwayError, which
 * the api answers with; all orders are idempotent by their ids.
 */
export interface AgentBackend {
  readonly journal: Journal;
  facts(): Promise<NodeFacts>;
  hasBlob(digest: string): Promise<boolean>;
  putBlob(digest: string, bytes: AsyncIterable<Buffer>): Promise<void>;
  instance(id: string): Promise<InstanceRuntime>;
  /** Resolves when the order is carried out. */
  power(id: string, order: PowerOrder): Promise<InstanceRuntime>;
  /** Running guests whose private values were lost with an earlier process of the agent. */
  wantedGuestData(): Promise<string[]>;
  putGuestData(id: string, data: GuestData): Promise<void>;
  /** Resolves when the line waits for the guest to read it. */
  sendToGuest(id: string, message: ChannelMessage): Promise<void>;
  /** `erase`: its disks are overwritten. Resolves when the instance has nothing there any more; they may still be. */
  removeInstance(id: string, orderId: string, erase: boolean): Promise<void>;
  /** Resolves when the order is carried out. */
  diskOrder(id: string, order: DiskOrder): Promise<DiskResult>;
  /** Connects a stream to the serial console of what runs, until one of them ends. `accept` is called once nothing speaks against it. */
  openConsole(id: string, accept: () => Duplex): Promise<void>;
  /** Resolves once the order is durable; the install goes on by itself. */
  install(order: InstallOrder): Promise<InstallStatus>;
  installStatus(id: string): Promise<InstallStatus>;
  cancelInstall(id: string): Promise<InstallStatus>;
  /** Ends the wait for a first boot's report. */
  completeInstall(id: string): Promise<InstallStatus>;
  /** Within a bounded time. */
  probeSources(request: ProbeRequest): Promise<ProbeResult>;
  /** A file of an export that the node keeps. */
  readExportFile(exportId: string, name: string): Promise<{ readonly stream: Readable; readonly length: number }>;
  putExportFile(exportId: string, name: string, sha256: string, bytes: AsyncIterable<Buffer>): Promise<void>;
  removeExport(exportId: string, erase: boolean): Promise<void>;
  renewLeases(renewal: LeaseRenewal): Promise<void>;
  listOsDefinitions(): Promise<FolderList>;
  /** The folder as a tar. */
  readOsDefinition(name: string): Promise<Buffer>;
}
