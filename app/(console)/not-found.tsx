import type { Metadata } from "next";
import { currentContext } from "#components/page/context.ts";
import { MessagePage } from "#components/page/message-page.tsx";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";

export const metadata: Metadata = { title: "Not found" };

export default async function ConsoleNotFound() {
  const ctx = await currentContext();
  return (
    <MessagePage
      title="There is nothing here"
      requestId={ctx.requestId}
      action={
        <>
          <ButtonLink href={paths.instances()} kind="main">
            Instances
          </ButtonLink>
          <ButtonLink href={paths.overview()}>Overview</ButtonLink>
        </>
      }
    >
      What this address names has been removed, never was, or is somebody else’s.
    </MessagePage>
  );
}
