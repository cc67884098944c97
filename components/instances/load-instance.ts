import { cache } from "react";
import { currentContext } from "#components/page/context.ts";
import type { InstanceDetail } from "#lib/domain/instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";

/** The instance of an address, read once a request for the frame, the tab and the title. */
export const loadInstance = cache(async (part: string): Promise<InstanceDetail> => getInstance(await currentContext(), decodeURIComponent(part)));
