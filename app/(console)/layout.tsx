import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { currentContext, renderTime } from "#components/page/context.ts";
import { Shell } from "#components/shell/shell.tsx";
import { parseTheme, THEME_COOKIE } from "#components/shell/theme.ts";
import { ClockProvider } from "#components/ui/clock-provider.tsx";
import { reach } from "#lib/domain/access.ts";

export default async function ConsoleLayout({ children }: { readonly children: ReactNode }) {
  const ctx = await currentContext();
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <ClockProvider renderedAt={renderTime()}>
      <Shell ctx={ctx} theme={theme} mayCreate={reach(ctx.identity, "instance.create") !== "none"}>
        {children}
      </Shell>
    </ClockProvider>
  );
}
