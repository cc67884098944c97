import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatBytes, formatCount } from "#components/format.ts";
import { UploadForm } from "#components/os-definitions/upload-form.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { PageHeader } from "#components/ui/page-header.tsx";
import { reach } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_LIMITS, DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";

export const metadata: Metadata = { title: "Upload a definition" };

const { files, fileBytes, totalBytes } = DEFINITION_LIMITS;
const LIMITS = `.tar, .tar.gz or .tar.zst of the definition’s folder. At most ${formatBytes(totalBytes)} and ${formatCount(files)} files of ${formatBytes(fileBytes)} each, unpacked too. Links may lead to files inside the archive; no devices.`;

export default function UploadDefinitionPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    if (reach(ctx.identity, "os.upload") === "none") throw new SlipwayError("not_allowed", "Definitions are uploaded by users and administrators.");
    const asked = queryText((await searchParams)["name"], 64);
    const name = asked !== undefined && DEFINITION_NAME.test(asked) ? asked : "";
    return (
      <>
        <PageHeader title={name === "" ? "Upload a definition" : `Upload a version of ${name}`}>The archive is read and explained first. Nothing of it runs at upload, and nobody trusts it by that.</PageHeader>
        <UploadForm name={name} namePattern={DEFINITION_NAME.source} limits={LIMITS} user={ctx.identity.name} />
      </>
    );
  });
}
