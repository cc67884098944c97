"use client";

import { DropdownMenu } from "radix-ui";
import { Check, CircleUser } from "lucide-react";
import { signOut } from "next-auth/react";
import { useState } from "react";
import { paths } from "#components/paths.ts";
import { chooseTheme, parseTheme, THEMES } from "./theme.ts";
import type { Theme } from "./theme.ts";

const ITEM = "flex h-8 cursor-default items-center gap-2 rounded-sm px-2 outline-none data-highlighted:bg-hover";
const THEME_WORDS: Readonly<Record<Theme, string>> = { light: "Light", dark: "Dark", system: "As the system" };

/** Who one is, how it looks, and the way out. */
export function UserMenu({ name, role, theme: initial }: { readonly name: string; readonly role: string; readonly theme: Theme }) {
  const [theme, setTheme] = useState(initial);
  const leave = async (): Promise<void> => {
    await signOut({ redirect: false });
    window.location.assign(paths.signIn());
  };
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        aria-label={`Account of ${name}`}
        className="inline-flex h-8 items-center gap-2 rounded-md px-2 text-soft hover:bg-hover hover:text-ink data-[state=open]:bg-hover data-[state=open]:text-ink"
      >
        <CircleUser aria-hidden="true" size={16} />
        <span className="max-w-32 truncate max-sm:hidden">{name}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className="z-40 w-56 rounded-md border border-line bg-panel p-1 shadow-over">
          <DropdownMenu.Label className="px-2 py-1.5">
            <span className="block truncate font-semibold">{name}</span>
            <span className="text-small text-soft">{role}</span>
          </DropdownMenu.Label>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.RadioGroup
            aria-label="Theme"
            value={theme}
            onValueChange={(value) => {
              const chosen = parseTheme(value);
              setTheme(chosen);
              chooseTheme(chosen);
            }}
          >
            {THEMES.map((choice) => (
              <DropdownMenu.RadioItem key={choice} value={choice} onSelect={(event) => event.preventDefault()} className={ITEM}>
                <span className="w-4">
                  <DropdownMenu.ItemIndicator>
                    <Check aria-hidden="true" size={14} />
                  </DropdownMenu.ItemIndicator>
                </span>
                {THEME_WORDS[choice]}
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item onSelect={() => void leave()} className={ITEM}>
            <span className="w-4" />
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
