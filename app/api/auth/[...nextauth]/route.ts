import { signInHandler } from "#lib/auth/sign-in-handler.ts";

export const dynamic = "force-dynamic";

export { signInHandler as GET, signInHandler as POST };
