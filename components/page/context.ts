import { cache } from "react";
import { pageContext } from "#lib/http/page-context.ts";

/** Who looks at this page: asked for once a request, by its layouts, the page and its title. */
export const currentContext = cache(pageContext);

/** When this page is made, in milliseconds since the epoch: one time for all that stands on it. */
export const renderTime = cache(() => Date.now());
