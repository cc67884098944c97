import type { ApiRoute } from "./define-route.ts";
import * as appliances from "./routes/appliances.ts";
import * as audit from "./routes/audit.ts";
import * as channel from "./routes/channel.ts";
import * as cluster from "./routes/cluster.ts";
import * as events from "./routes/events.ts";
import * as exports from "./routes/exports.ts";
import * as installs from "./routes/installs.ts";
import * as instanceSystems from "./routes/instance-systems.ts";
import * as instances from "./routes/instances.ts";
import * as jobs from "./routes/jobs.ts";
import * as networks from "./routes/networks.ts";
import * as nodes from "./routes/nodes.ts";
import * as osDefinitions from "./routes/os-definitions.ts";
import * as osVersions from "./routes/os-versions.ts";
import * as parameterDefaults from "./routes/parameter-defaults.ts";
import * as receipts from "./routes/receipts.ts";
import * as snapshots from "./routes/snapshots.ts";
import * as users from "./routes/users.ts";

/**
 * Every route of the API. Tests of access and of what answers hold go through this register, and one compares it with the
 * files under app/api, so that a route that isn't here doesn't exist.
 */
export const API_ROUTES: readonly ApiRoute[] = [
  ...[appliances, audit, channel, cluster, events, exports, installs, instances, instanceSystems, jobs, networks, nodes],
  ...[osDefinitions, osVersions, parameterDefaults, receipts, snapshots, users],
].flatMap(
  (module): ApiRoute[] => Object.values(module),
);
