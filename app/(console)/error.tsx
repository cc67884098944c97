"use client";

import { MessagePage } from "#components/page/message-page.tsx";
import { Button } from "#components/ui/button.tsx";

export default function ConsoleError({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const digest = error instanceof Error && "digest" in error && typeof error.digest === "string" ? error.digest : null;
  return (
    <MessagePage
      title="This page could not be made"
      requestId={digest}
      action={
        <Button kind="main" onClick={() => retry()}>
          Load it again
        </Button>
      }
    >
      Something went wrong in the controller, and its log says what. Whoever looks there needs the id of this request.
    </MessagePage>
  );
}
