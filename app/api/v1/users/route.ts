import { handle } from "#lib/http/route.ts";
import { listUsersRoute, createUserRoute } from "#lib/http/routes/users.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listUsersRoute);
export const POST = handle(createUserRoute);
