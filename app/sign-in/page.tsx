import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignInForm } from "#components/shell/sign-in-form.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { optionalPageContext, safeNextPath } from "#lib/http/page-context.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { readonly searchParams: SearchParams }) {
  const query = await searchParams;
  const next = safeNextPath(query["next"]);
  if ((await optionalPageContext()) !== null) redirect(next);
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-12">
      <div className="w-full max-w-[360px]">
        <h1 className="mb-1 text-title font-semibold">Slipway</h1>
        <p className="mb-5 text-soft">Sign in to this cluster.</p>
        <SignInForm next={next} error={queryText(query["error"], 64) ?? null} />
      </div>
    </main>
  );
}
