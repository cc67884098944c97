import type { RequestContext } from "#lib/context/context.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { modifyInstance } from "#lib/instances/modify-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import type { RapiRequest, RapiResource } from "./context.ts";
import { required } from "./errors.ts";
import { listInstanceShapes } from "./list-instances.ts";
import { parseCreate } from "./parse-create.ts";
import { parseModify } from "./parse-modify.ts";
import { parseDelete, parseReboot, parseShutdown, parseStartup } from "./parse-power.ts";
import { parseReinstall } from "./parse-reinstall.ts";
import { instanceShape } from "./shapes-instance.ts";

/** Every submission answers with the number of its job and nothing else. */
async function jobNumber(submitted: Promise<{ readonly jobId: number }>): Promise<number> {
  return (await submitted).jobId;
}

/** With `?dry-run=1` the job checks everything and does nothing. */
function submissionContext({ ctx, query }: RapiRequest): RequestContext {
  return query.flag("dry-run") ? { ...ctx, dryRun: true } : ctx;
}

function create(request: RapiRequest): Promise<number> {
  const input = parseCreate(request.body);
  return jobNumber(createInstance(submissionContext(request), input));
}

function reinstall(request: RapiRequest): Promise<number> {
  const input = parseReinstall(request.body, request.query);
  return jobNumber(reinstallInstance(submissionContext(request), nameOf(request), input));
}

function modify(request: RapiRequest): Promise<number> {
  const input = parseModify(request.body);
  return jobNumber(modifyInstance(submissionContext(request), nameOf(request), input));
}

function remove(request: RapiRequest): Promise<number> {
  parseDelete(request.body);
  return jobNumber(deleteInstance(submissionContext(request), nameOf(request)));
}

function power(parse: (request: RapiRequest) => Parameters<typeof setInstancePower>[2]): (request: RapiRequest) => Promise<number> {
  return (request) => {
    const input = parse(request);
      return jobNumber(setInstancePower(submissionContext(request), nameOf(request), input));
  };
}

function nameOf({ items }: RapiRequest): string {
  return required(items[0]);
}

const NAME = "([\\w.-]+)";
const instance = (rest: string): RegExp => new RegExp(`^/2/instances/${NAME}${rest}$`);

export const INSTANCE_RESOURCES: readonly RapiResource[] = [
  {
    path: "/2/instances",
    pattern: /^\/2\/instances$/,
    methods: { GET: { operation: "instance.list", run: ({ ctx, query }) => listInstanceShapes(ctx, query.flag("bulk")) }, POST: { operation: "instance.create", run: create } },
  },
  {
    path: "/2/instances/NAME",
    pattern: instance(""),
    methods: {
      GET: { operation: "instance.read", run: async (request) => instanceShape(await getInstance(request.ctx, nameOf(request))) },
      DELETE: { operation: "instance.delete", run: remove },
    },
  },
  { path: "/2/instances/NAME/startup", pattern: instance("/startup"), methods: { PUT: { operation: "instance.power", run: power(parseStartup) } } },
  { path: "/2/instances/NAME/shutdown", pattern: instance("/shutdown"), methods: { PUT: { operation: "instance.power", run: power(parseShutdown) } } },
  { path: "/2/instances/NAME/reboot", pattern: instance("/reboot"), methods: { POST: { operation: "instance.power", run: power(parseReboot) } } },
  { path: "/2/instances/NAME/modify", pattern: instance("/modify"), methods: { PUT: { operation: "instance.modify", run: modify } } },
  { path: "/2/instances/NAME/reinstall", pattern: instance("/reinstall"), methods: { POST: { operation: "instance.reinstall", run: reinstall } } },
];
