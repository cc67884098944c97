import Link from "next/link";
import { Suspense } from "react";
import type { ReactNode } from "react";
import type { RequestContext } from "#lib/context/context.ts";
import { reach } from "#lib/domain/access.ts";
import { LiveProvider } from "#components/live/live-provider.tsx";
import { ConnectionMark } from "#components/live/connection-mark.tsx";
import { paths } from "#components/paths.ts";
import { Breadcrumbs } from "./breadcrumbs.tsx";
import { MobileNavigation } from "./mobile-navigation.tsx";
import { NavCount } from "./nav-counts.tsx";
import { NavLinks } from "./nav-links.tsx";
import { navigationFor } from "./navigation.ts";
import { Palette } from "./palette.tsx";
import type { Theme } from "./theme.ts";
import { UserMenu } from "./user-menu.tsx";

/** The frame of the console: where one is, where one can go, who one is. */
export function Shell({ ctx, theme, mayCreate, children }: { readonly ctx: RequestContext; readonly theme: Theme; readonly mayCreate: boolean; readonly children: ReactNode }) {
  const items = navigationFor(ctx.identity);
  const counts = Object.fromEntries(
    items.map(({ key }) => [
      key,
      <Suspense key={key} fallback={null}>
        <NavCount ctx={ctx} item={key} />
      </Suspense>,
    ]),
  );
  const navigation = <NavLinks items={items} counts={counts} />;
  const role = ctx.identity.kind === "user" && ctx.identity.role === "owner" ? "owner" : "administrator";
  return (
    <LiveProvider>
      <a href="#main" className="absolute top-2 left-2 z-30 -translate-y-16 rounded-md border border-line bg-panel px-3 py-1.5 focus:translate-y-0">
        To the page
      </a>
      <div className="grid min-h-dvh md:grid-cols-[208px_minmax(0,1fr)]">
        <div className="border-r border-line max-md:hidden">
          <nav aria-label="Pages" className="sticky top-0 flex max-h-dvh flex-col overflow-y-auto px-2 py-4">
            <Link href={paths.overview()} className="mb-4 rounded-sm px-2 text-[15px] font-semibold tracking-tight">
              Slipway
            </Link>
            {navigation}
          </nav>
        </div>
        <div className="min-w-0">
          <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-page px-4 text-soft md:px-6">
            <MobileNavigation>{navigation}</MobileNavigation>
            <Breadcrumbs instancesLabel={items.find(({ key }) => key === "instances")?.label ?? "Instances"} />
            <div className="ml-auto flex shrink-0 items-center gap-2">
              <ConnectionMark />
              <Palette pages={items} mayCreate={mayCreate} mayUpload={reach(ctx.identity, "os.upload") !== "none"} mayMakeNetworks={reach(ctx.identity, "network.modify") !== "none"} />
              <UserMenu name={ctx.identity.name} role={role} theme={theme} />
            </div>
          </header>
          <main id="main" tabIndex={-1} className="max-w-[1280px] px-4 py-6 outline-none md:px-6">
            {children}
          </main>
        </div>
      </div>
    </LiveProvider>
  );
}
