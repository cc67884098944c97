import "./globals.css";
import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { parseTheme, THEME_COOKIE } from "#components/shell/theme.ts";
import { classes } from "#components/ui/classes.ts";

/** Nothing is made beforehand: every page is somebody's, and as things are now. */
export const dynamic = "force-dynamic";

export const metadata: Metadata = {
  title: { default: "Slipway", template: "%s · Slipway" },
  robots: { index: false, follow: false },
  referrer: "same-origin",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fbfbfa" },
    { media: "(prefers-color-scheme: dark)", color: "#121312" },
  ],
};

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" data-theme={theme === "system" ? undefined : theme} className={classes(GeistSans.variable, GeistMono.variable)}>
      <body>{children}</body>
    </html>
  );
}
