import { createUser } from "#lib/users/create-user.ts";
import { listUsers } from "#lib/users/list-users.ts";
import { createUserInputSchema } from "#lib/users/schemas.ts";
import { defineRoute } from "../define-route.ts";
import { noBody, noParams, noQuery, pageQuery } from "../schemas.ts";

export const listUsersRoute = defineRoute({
  method: "GET",
  path: "/api/v1/users",
  operation: "user.list",
  params: noParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listUsers(ctx, query),
});

export const createUserRoute = defineRoute({
  method: "POST",
  path: "/api/v1/users",
  operation: "user.create",
  params: noParams,
  query: noQuery,
  body: createUserInputSchema,
  status: 201,
  run: (ctx, { body }) => createUser(ctx, body),
});
