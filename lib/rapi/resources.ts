import { CLUSTER_RESOURCES } from "./cluster-resources.ts";
import type { RapiResource } from "./context.ts";
import { INSTANCE_RESOURCES } from "./instance-resources.ts";
import { JOB_RESOURCES } from "./job-resources.ts";
import { NODE_RESOURCES } from "./node-resources.ts";

/** Every path of the remote API. What isn't here is 404. */
export const RAPI_RESOURCES: readonly RapiResource[] = [...CLUSTER_RESOURCES, ...INSTANCE_RESOURCES, ...JOB_RESOURCES, ...NODE_RESOURCES];
