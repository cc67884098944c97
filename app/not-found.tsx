import { MessagePage } from "#components/page/message-page.tsx";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";

/** For addresses that no page has. It knows nobody, so it shows nothing of the console. */
export default function NotFound() {
  return (
    <main className="mx-auto max-w-2xl px-6">
      <MessagePage title="No page has this address" action={<ButtonLink href={paths.overview()}>Overview</ButtonLink>}>
        It may be mistyped, or from another version.
      </MessagePage>
    </main>
  );
}
