import { cache } from "react";
import { currentContext } from "#components/page/context.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";

/** The definition of an address, read once a request for the frame, the tab and the title. */
export const loadDefinition = cache(async (part: string): Promise<OsDefinitionDetail> => getOsDefinition(await currentContext(), decodeURIComponent(part)));
