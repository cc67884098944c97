/**
 * Every place that a private or secret value could get to: tables, routes, RAPI paths, pages and files. The canary test reads
 * them all, and fails where the project has one that isn't here.
 */

import type { FeedPayload } from "#lib/domain/feed.ts";

/** What the routes and pages with a part in their address are asked for. */
export interface Objects {
  readonly instance: string;
  readonly install: string;
  readonly job: string;
  readonly node: string;
  readonly definition: string;
  readonly export: string;
}

/** Before there is one. */
export const NO_EXPORT = "00000000-0000-4000-8000-000000000000";

/** Schemas of the database whose tables are all read, and our own tables by name. */
export const SCHEMAS = ["public", "graphile_worker"] as const;
export const TABLES = [
  "_prisma_migrations",
  "appliance",
  "audit_entry",
  "blob",
  "channel_line",
  "cluster",
  "controller",
  "data_key",
  "disk_snapshot",
  "event",
  "install",
  "install_event",
  "instance",
  "instance_disk",
  "instance_export",
  "instance_nic",
  "instance_parameter",
  "job",
  "job_log",
  "job_private_value",
  "network",
  "network_address",
  "node",
  "os_definition",
  "os_definition_file",
  "os_definition_share",
  "os_definition_version",
  "os_file_content",
  "parameter_default",
  "previous_parameter",
  "previous_system",
  "receipt",
  "user",
] as const;

/** API routes that are read, by their path in the API's own register. Every answer of the others is read as it comes. */
export const API_READS: Readonly<Record<string, (objects: Objects) => string>> = {
  "/api/v1/appliances": () => "/api/v1/appliances",
  "/api/v1/audit": () => "/api/v1/audit?limit=200",
  "/api/v1/cluster": () => "/api/v1/cluster",
  "/api/v1/cluster/parameters": () => "/api/v1/cluster/parameters",
  // Read while everything happens, as a stream.
  "/api/v1/events": () => "",
  "/api/v1/exports": () => "/api/v1/exports?limit=200",
  "/api/v1/exports/{id}": ({ export: id }) => `/api/v1/exports/${id}`,
  "/api/v1/installs": () => "/api/v1/installs?limit=200",
  "/api/v1/installs/{id}": ({ install }) => `/api/v1/installs/${install}`,
  "/api/v1/installs/{id}/log": ({ install }) => `/api/v1/installs/${install}/log?limit=1000`,
  "/api/v1/installs/{id}/receipt": ({ install }) => `/api/v1/installs/${install}/receipt`,
  "/api/v1/instances": () => "/api/v1/instances?limit=200",
  "/api/v1/instances/{name}": ({ instance }) => `/api/v1/instances/${instance}`,
  "/api/v1/instances/{name}/channel": ({ instance }) => `/api/v1/instances/${instance}/channel?limit=200`,
  "/api/v1/instances/{name}/snapshots": ({ instance }) => `/api/v1/instances/${instance}/snapshots`,
  "/api/v1/jobs": () => "/api/v1/jobs?limit=200",
  "/api/v1/jobs/{id}": ({ job }) => `/api/v1/jobs/${job}`,
  "/api/v1/networks": () => "/api/v1/networks?limit=200",
  // The one that every cluster has.
  "/api/v1/networks/{name}": () => "/api/v1/networks/communication",
  "/api/v1/networks/{name}/addresses": () => "/api/v1/networks/communication/addresses?limit=200",
  "/api/v1/nodes": () => "/api/v1/nodes?limit=200",
  "/api/v1/nodes/{name}": ({ node }) => `/api/v1/nodes/${node}`,
  "/api/v1/os-definitions": () => "/api/v1/os-definitions?limit=200",
  "/api/v1/os-definitions/{name}": ({ definition }) => `/api/v1/os-definitions/${definition}`,
  "/api/v1/nodes/{name}/os-definitions": ({ node }) => `/api/v1/nodes/${node}/os-definitions`,
  "/api/v1/os-definitions/{name}/diff": ({ definition }) => `/api/v1/os-definitions/${definition}/diff?from=1&to=1`,
  "/api/v1/os-definitions/{name}/versions": ({ definition }) => `/api/v1/os-definitions/${definition}/versions`,
  "/api/v1/os-definitions/{name}/versions/{version}": ({ definition }) => `/api/v1/os-definitions/${definition}/versions/1`,
  "/api/v1/os-definitions/{name}/versions/{version}/file": ({ definition }) => `/api/v1/os-definitions/${definition}/versions/1/file?path=ganeti_api_version`,
  "/api/v1/os-definitions/{name}/parameters": ({ definition }) => `/api/v1/os-definitions/${definition}/parameters`,
  "/api/v1/receipt-keys": () => "/api/v1/receipt-keys",
  "/api/v1/users": () => "/api/v1/users?limit=200",
};

/** API routes that change something: their answers are read when the test uses them. */
export const API_WRITES = [
  "POST /api/v1/instances",
  "POST /api/v1/instance-previews",
  "PATCH /api/v1/instances/{name}",
  "DELETE /api/v1/instances/{name}",
  "POST /api/v1/instances/{name}/channel",
  "POST /api/v1/instances/{name}/reinstall",
  "POST /api/v1/instances/{name}/reinstall/preview",
  "POST /api/v1/instances/{name}/power",
  "POST /api/v1/instances/{name}/rollback",
  "POST /api/v1/instances/{name}/rename",
  "POST /api/v1/instances/{name}/export",
  "POST /api/v1/instances/{name}/snapshots",
  "DELETE /api/v1/instances/{name}/snapshots/{snapshot}",
  "POST /api/v1/instances/{name}/snapshots/{snapshot}/restore",
  "POST /api/v1/instance-imports",
  "DELETE /api/v1/exports/{id}",
  "POST /api/v1/installs/{id}/confirm",
  "POST /api/v1/jobs/{id}/cancel",
  "POST /api/v1/networks",
  "PATCH /api/v1/networks/{name}",
  "DELETE /api/v1/networks/{name}",
  "POST /api/v1/networks/{name}/reservations",
  "DELETE /api/v1/networks/{name}/reservations",
  "POST /api/v1/nodes",
  "POST /api/v1/enrolments",
  "POST /api/v1/users",
  "PATCH /api/v1/cluster",
  "PATCH /api/v1/cluster/parameters",
  "PATCH /api/v1/os-definitions/{name}/parameters",
  "POST /api/v1/os-definition-checks",
  "PATCH /api/v1/os-definitions/{name}",
  "DELETE /api/v1/os-definitions/{name}",
  "POST /api/v1/os-definitions/{name}/versions",
  "POST /api/v1/os-definitions/{name}/registrations",
  "POST /api/v1/os-definitions/{name}/trust",
] as const;

/** RAPI resources by their path in its own register, and how each is read on the main port; null: see beside it. */
export const RAPI_READS: Readonly<Record<string, ((objects: Objects) => readonly string[]) | null>> = {
  // On RAPI's own port only, where it answers the same constant as the next.
  "/": null,
  "/2": () => ["/2"],
  "/version": () => ["/version"],
  "/2/info": () => ["/2/info"],
  "/2/features": () => ["/2/features"],
  "/2/os": () => ["/2/os"],
  "/2/instances": () => ["/2/instances", "/2/instances?bulk=1"],
  "/2/instances/NAME": ({ instance }) => [`/2/instances/${instance}`],
  // Written to: their answers are job ids.
  "/2/instances/NAME/startup": null,
  "/2/instances/NAME/shutdown": null,
  "/2/instances/NAME/reboot": null,
  "/2/instances/NAME/reinstall": null,
  "/2/instances/NAME/modify": null,
  "/2/jobs": () => ["/2/jobs", "/2/jobs?bulk=1"],
  "/2/jobs/ID": ({ job }) => [`/2/jobs/${job}`],
  // Asked with a body.
  "/2/jobs/ID/wait": null,
  "/2/nodes": () => ["/2/nodes", "/2/nodes?bulk=1"],
  "/2/nodes/NAME": ({ node }) => [`/2/nodes/${node}`],
};

/** What the event stream tells of, and whether the test's run makes it do so; the compiler holds that none is missing. */
export const FEED: Readonly<Record<FeedPayload["type"], "caused" | "not caused">> = {
  "instance.changed": "caused",
  "instance.deleted": "not caused",
  "instance.lines": "caused",
  "install.progress": "caused",
  "job.changed": "caused",
  // Of what has no values.
  "node.changed": "not caused",
  "network.changed": "not caused",
  "os.changed": "not caused",
  "cluster.changed": "not caused",
  "feed.reset": "not caused",
};

/** Pages by their file below app/. */
export const PAGES: Readonly<Record<string, (objects: Objects) => string>> = {
  "(console)/page.tsx": () => "/",
  "(console)/instances/(list)/page.tsx": () => "/instances",
  "(console)/new-instance/page.tsx": ({ definition }) => `/new-instance?os=${definition}`,
  "(console)/instances/[name]/(tabs)/page.tsx": ({ instance }) => `/instances/${instance}`,
  "(console)/instances/[name]/(tabs)/install/page.tsx": ({ instance }) => `/instances/${instance}/install`,
  "(console)/instances/[name]/(tabs)/parameters/page.tsx": ({ instance }) => `/instances/${instance}/parameters`,
  "(console)/instances/[name]/(tabs)/hardware/page.tsx": ({ instance }) => `/instances/${instance}/hardware`,
  "(console)/instances/[name]/(tabs)/console/page.tsx": ({ instance }) => `/instances/${instance}/console`,
  "(console)/instances/[name]/(tabs)/communication/page.tsx": ({ instance }) => `/instances/${instance}/communication`,
  "(console)/instances/[name]/(tabs)/history/page.tsx": ({ instance }) => `/instances/${instance}/history`,
  "(console)/instances/[name]/reinstall/page.tsx": ({ instance }) => `/instances/${instance}/reinstall`,
  "(console)/exports/(list)/page.tsx": () => "/exports",
  "(console)/exports/[id]/page.tsx": () => `/exports/${NO_EXPORT}`,
  "(console)/jobs/(list)/page.tsx": () => "/jobs",
  "(console)/jobs/[id]/page.tsx": ({ job }) => `/jobs/${job}`,
  "(console)/networks/(list)/page.tsx": () => "/networks",
  "(console)/networks/[name]/page.tsx": () => "/networks/communication",
  "(console)/new-network/page.tsx": () => "/new-network",
  "(console)/nodes/(list)/page.tsx": () => "/nodes",
  "(console)/nodes/[name]/page.tsx": ({ node }) => `/nodes/${node}`,
  "(console)/os-definitions/(list)/page.tsx": () => "/os-definitions",
  "(console)/os-definitions/[name]/(tabs)/page.tsx": ({ definition }) => `/os-definitions/${definition}`,
  "(console)/os-definitions/[name]/(tabs)/files/page.tsx": ({ definition }) => `/os-definitions/${definition}/files?file=parameters.list`,
  "(console)/os-definitions/[name]/(tabs)/versions/page.tsx": ({ definition }) => `/os-definitions/${definition}/versions`,
  "(console)/os-definitions/[name]/(tabs)/defaults/page.tsx": ({ definition }) => `/os-definitions/${definition}/defaults`,
  "(console)/os-definitions/[name]/(tabs)/access/page.tsx": ({ definition }) => `/os-definitions/${definition}/access`,
  "(console)/os-definitions/[name]/(tabs)/trust/page.tsx": ({ definition }) => `/os-definitions/${definition}/trust`,
  "(console)/os-definitions/[name]/diff/page.tsx": ({ definition }) => `/os-definitions/${definition}/diff?from=1&to=1`,
  "(console)/upload-definition/page.tsx": ({ definition }) => `/upload-definition?name=${definition}`,
  "(console)/settings/page.tsx": () => "/settings",
  "(console)/settings/appliances/page.tsx": () => "/settings/appliances",
  "(console)/settings/receipts/page.tsx": () => "/settings/receipts",
  "(console)/settings/parameters/page.tsx": () => "/settings/parameters",
  "sign-in/page.tsx": () => "/sign-in",
};

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const DIGEST = "[0-9a-f]{64}";

export interface FileRule {
  /** Of the whole path below SLIPWAY_HOME. */
  readonly path: RegExp;
  readonly kind: string;
  /** Why a file isn't read; every other is. */
  readonly unread?: string;
}

/** Files below SLIPWAY_HOME, by the first rule that fits. One that no rule knows fails the test. */
export const FILES: readonly FileRule[] = [
  { path: new RegExp(`^agent/data/instances/${UUID}/disk-\\d+(\\.new|\\.previous-${UUID})?$`), kind: "instances' disks", unread: "the inside of an instance's disk" },
  // What is in these is on no disk of this run that holds values.
  { path: new RegExp(`^agent/data/instances/${UUID}/snapshots/${UUID}/disk-\\d+$`), kind: "snapshots" },
  { path: new RegExp(`^agent/data/exports/${UUID}/`), kind: "exports" },
  { path: /^agent\/data\/erasing\//, kind: "instances' disks", unread: "the inside of an instance's disk" },
  { path: new RegExp(`^agent/data/instances/${UUID}/`), kind: "the agent's files" },
  { path: /^agent\//, kind: "the agent's files" },
  { path: new RegExp(`^blobs/${DIGEST}$`), kind: "contents by digest" },
  { path: /^blobs\//, kind: "contents by digest" },
  { path: /^log\/(controller|agent|postgres)\.log(\.\d+)?$/, kind: "logs" },
  { path: /^run\/[\w.-]+$/, kind: "other files" },
  { path: /^keys\/[\w.-]+$/, kind: "other files" },
  { path: /^pki\/[\w.-]+$/, kind: "other files" },
  { path: /^postgres\/data\/pg_wal\//, kind: "write-ahead log" },
  { path: /^postgres\//, kind: "PostgreSQL's files" },
  { path: /^admin-password$/, kind: "other files" },
  { path: /^ssh\/(id_ed25519(\.pub)?|known_hosts)$/, kind: "other files" },
];
