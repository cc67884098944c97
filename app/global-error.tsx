"use client";

import "./globals.css";
import { MessagePage } from "#components/page/message-page.tsx";
import { Button } from "#components/ui/button.tsx";

/** When not even the frame could be made. */
export default function GlobalError({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const digest = error instanceof Error && "digest" in error && typeof error.digest === "string" ? error.digest : null;
  return (
    <html lang="en">
      <body>
        <title>Slipway</title>
        <main className="mx-auto max-w-2xl px-6">
          <MessagePage title="The console could not be made" requestId={digest} action={<Button onClick={() => retry()}>Load it again</Button>}>
            Something went wrong in the controller, and its log says what. Installs go on without the console.
          </MessagePage>
        </main>
      </body>
    </html>
  );
}
