import type { InstanceStatus } from "#lib/domain/instance.ts";
import type { AddressView } from "#lib/domain/network.ts";
import type { JobStatusName } from "#lib/domain/views.ts";

/** Every address of the console is made here, and frozen by paths.test.ts: links that people keep go on working. */

type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Adds a query without its empty fields, in the order in which they are given. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

const part = encodeURIComponent;

export type InstanceSort = "name" | "-name" | "createdAt" | "-createdAt";

export interface InstancesQuery {
  readonly search?: string | undefined;
  readonly status?: InstanceStatus | undefined;
  readonly sort?: InstanceSort | undefined;
  readonly cursor?: string | undefined;
}

export interface OsDefinitionsQuery {
  readonly search?: string | undefined;
  readonly cursor?: string | undefined;
}

/** What a page about a definition can be asked to do; each has a dialog. */
export const DEFINITION_QUESTIONS = ["hide", "show", "blacklist", "allow", "delete"] as const;
export type DefinitionQuestion = (typeof DEFINITION_QUESTIONS)[number];

/** What the page of a network can be asked to do; each has a dialog. */
export const NETWORK_QUESTIONS = ["edit", "reserve", "release", "delete"] as const;
export type NetworkQuestion = (typeof NETWORK_QUESTIONS)[number];

export interface NetworkQuery {
  readonly holder?: AddressView["holder"] | undefined;
  readonly cursor?: string | undefined;
  readonly do?: NetworkQuestion | undefined;
  /** The range that is reserved or released, its ends included. */
  readonly first?: string | undefined;
  readonly last?: string | undefined;
}

/** What is asked about an instance's channel. */
export const COMMUNICATION_QUESTIONS = ["switch", "datasource", "user-data", "delete-user-data"] as const;
export type CommunicationQuestion = (typeof COMMUNICATION_QUESTIONS)[number];

/** What is asked about an instance's NICs and disks. */
export const HARDWARE_QUESTIONS = ["nics", "snapshot", "restore", "delete-snapshot"] as const;
export type HardwareQuestion = (typeof HARDWARE_QUESTIONS)[number];

/** What is asked about an export. */
export const EXPORT_QUESTIONS = ["delete"] as const;
export type ExportQuestion = (typeof EXPORT_QUESTIONS)[number];

export interface DefaultsQuery {
  readonly variant?: string | undefined;
  /** Name of a parameter whose value is being set. */
  readonly set?: string | undefined;
  readonly remove?: string | undefined;
}

export interface JobsQuery {
  readonly status?: JobStatusName | undefined;
  readonly cursor?: string | undefined;
}

export const paths = {
  overview: () => "/",
  signIn: (next?: string) => withQuery("/sign-in", { next }),
  instances: (query: InstancesQuery = {}) => withQuery("/instances", { ...query }),
  newInstance: (query: { readonly os?: string; readonly node?: string; readonly find?: string } = {}) => withQuery("/new-instance", query),
  instance: (name: string) => `/instances/${part(name)}`,
  instanceInstall: (name: string, installId?: string) => withQuery(`/instances/${part(name)}/install`, { id: installId }),
  instanceParameters: (name: string) => `/instances/${part(name)}/parameters`,
  /** The card with its NICs, the ways to it, and its SSH host keys. */
  instanceNetwork: (name: string) => `/instances/${part(name)}/hardware#section-network`,
  instanceConsole: (name: string) => `/instances/${part(name)}/console`,
  /** `of`: the snapshot that is asked about. */
  instanceHardware: (name: string, query: { readonly do?: HardwareQuestion; readonly of?: string } = {}) => withQuery(`/instances/${part(name)}/hardware`, query),
  instanceCommunication: (name: string, query: { readonly do?: CommunicationQuestion } = {}) => withQuery(`/instances/${part(name)}/communication`, query),
  instanceHistory: (name: string) => `/instances/${part(name)}/history`,
  reinstall: (name: string, query: { readonly os?: string; readonly find?: string } = {}) => withQuery(`/instances/${part(name)}/reinstall`, query),
  osDefinitions: (query: OsDefinitionsQuery = {}) => withQuery("/os-definitions", { ...query }),
  /** For a new definition, or a new version of the one that is named. */
  uploadDefinition: (name?: string) => withQuery("/upload-definition", { name }),
  osDefinition: (name: string, query: { readonly do?: DefinitionQuestion } = {}) => withQuery(`/os-definitions/${part(name)}`, query),
  osFiles: (name: string, query: { readonly file?: string; readonly version?: number } = {}) => withQuery(`/os-definitions/${part(name)}/files`, query),
  osVersions: (name: string, cursor?: string) => withQuery(`/os-definitions/${part(name)}/versions`, { cursor }),
  osDiff: (name: string, query: { readonly from?: number; readonly to?: number } = {}) => withQuery(`/os-definitions/${part(name)}/diff`, query),
  osDefaults: (name: string, query: DefaultsQuery = {}) => withQuery(`/os-definitions/${part(name)}/defaults`, { ...query }),
  osAccess: (name: string) => `/os-definitions/${part(name)}/access`,
  osTrust: (name: string) => `/os-definitions/${part(name)}/trust`,
  nodes: (cursor?: string) => withQuery("/nodes", { cursor }),
  node: (name: string) => `/nodes/${part(name)}`,
  networks: (cursor?: string) => withQuery("/networks", { cursor }),
  newNetwork: () => "/new-network",
  network: (name: string, query: NetworkQuery = {}) => withQuery(`/networks/${part(name)}`, { ...query }),
  exports: (cursor?: string) => withQuery("/exports", { cursor }),
  export: (id: string, query: { readonly do?: ExportQuestion } = {}) => withQuery(`/exports/${part(id)}`, query),
  jobs: (query: JobsQuery = {}) => withQuery("/jobs", { ...query }),
  job: (id: number) => `/jobs/${id}`,
  settings: () => "/settings",
  settingsAppliances: () => "/settings/appliances",
  settingsReceipts: () => "/settings/receipts",
  settingsParameters: (query: Omit<DefaultsQuery, "variant"> = {}) => withQuery("/settings/parameters", { ...query }),
} as const;

/** Addresses of the API that the console's own code calls. */
export const api = {
  instances: (query: { readonly search?: string; readonly limit?: number } = {}) => withQuery("/api/v1/instances", query),
  instancePreviews: () => "/api/v1/instance-previews",
  instance: (name: string) => `/api/v1/instances/${part(name)}`,
  channel: (name: string, query: { readonly before?: string; readonly limit?: number } = {}) => withQuery(`/api/v1/instances/${part(name)}/channel`, query),
  power: (name: string) => `/api/v1/instances/${part(name)}/power`,
  reinstall: (name: string) => `/api/v1/instances/${part(name)}/reinstall`,
  reinstallPreview: (name: string) => `/api/v1/instances/${part(name)}/reinstall/preview`,
  rollback: (name: string) => `/api/v1/instances/${part(name)}/rollback`,
  rename: (name: string) => `/api/v1/instances/${part(name)}/rename`,
  export: (name: string) => `/api/v1/instances/${part(name)}/export`,
  snapshots: (name: string) => `/api/v1/instances/${part(name)}/snapshots`,
  snapshot: (name: string, snapshot: string) => `/api/v1/instances/${part(name)}/snapshots/${part(snapshot)}`,
  restoreSnapshot: (name: string, snapshot: string) => `/api/v1/instances/${part(name)}/snapshots/${part(snapshot)}/restore`,
  instanceImports: () => "/api/v1/instance-imports",
  exportOf: (id: string) => `/api/v1/exports/${part(id)}`,
  cancelJob: (id: number) => `/api/v1/jobs/${id}/cancel`,
  install: (id: string) => `/api/v1/installs/${part(id)}`,
  confirmInstall: (id: string) => `/api/v1/installs/${part(id)}/confirm`,
  receipt: (id: string) => `/api/v1/installs/${part(id)}/receipt`,
  installLog: (id: string, query: { readonly after?: number; readonly before?: number; readonly limit?: number }) =>
    withQuery(`/api/v1/installs/${part(id)}/log`, query),
  osDefinitions: (query: { readonly search?: string; readonly limit?: number } = {}) => withQuery("/api/v1/os-definitions", query),
  osDefinition: (name: string) => `/api/v1/os-definitions/${part(name)}`,
  osChecks: (name: string) => withQuery("/api/v1/os-definition-checks", { name }),
  osVersions: (name: string, owner?: string) => withQuery(`/api/v1/os-definitions/${part(name)}/versions`, { owner }),
  osTrust: (name: string) => `/api/v1/os-definitions/${part(name)}/trust`,
  osRegistrations: (name: string) => `/api/v1/os-definitions/${part(name)}/registrations`,
  osParameters: (name: string) => `/api/v1/os-definitions/${part(name)}/parameters`,
  networks: () => "/api/v1/networks",
  network: (name: string) => `/api/v1/networks/${part(name)}`,
  reservations: (name: string, range: { readonly first?: string; readonly last?: string } = {}) => withQuery(`/api/v1/networks/${part(name)}/reservations`, range),
  cluster: () => "/api/v1/cluster",
  clusterParameters: () => "/api/v1/cluster/parameters",
  events: (after: string | null) => withQuery("/api/v1/events", { after }),
} as const;

/** The serial console: a WebSocket of the API, which the server itself answers. */
export function consoleAddress(name: string, origin: string): string {
  return `${origin.replace(/^http/, "ws")}/api/v1/instances/${part(name)}/console`;
}
