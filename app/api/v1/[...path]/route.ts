import { handleUnknown } from "#lib/http/unknown-route.ts";

export const dynamic = "force-dynamic";

export { handleUnknown as DELETE, handleUnknown as GET, handleUnknown as PATCH, handleUnknown as POST, handleUnknown as PUT };
