import Link from "next/link";
import { InstallBar } from "#components/install/install-bar.tsx";
import { paths } from "#components/paths.ts";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { InstallSummary } from "#lib/domain/views.ts";

/** Installs, each a line with its bar, or with how it ended. */
export function InstallRows({ installs }: { readonly installs: readonly InstallSummary[] }) {
  return (
    <ul>
      {installs.map((install) => (
        <li key={install.id} className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-4 py-1.5">
          <Link href={paths.instanceInstall(install.instanceName, install.id)} prefetch={false} className="min-w-0 flex-1 truncate rounded-sm font-medium hover:text-accent hover:underline">
            {install.instanceName}
          </Link>
          <span className="truncate text-soft max-sm:hidden">
            <Mono>{install.osType ?? install.operation}</Mono>
          </span>
          <span className="w-20 text-right text-small text-soft">
            <RelativeTime at={install.acceptedAt} />
          </span>
          <span className="w-[126px]">
            <InstallBar install={install} instanceName={install.instanceName} size="tiny" />
          </span>
        </li>
      ))}
    </ul>
  );
}
