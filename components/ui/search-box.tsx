"use client";

import { Search } from "lucide-react";
import { useEffect, useRef } from "react";
import { Input } from "./field.tsx";
import { formText } from "./form-text.ts";

/** Milliseconds of stillness before a list is asked for. */
const PAUSE = 200;

/** A search that goes when typing rests, or at once with Enter. Before the page is alive the browser goes to `action` with it. */
export function SearchBox({ label, placeholder, value, action, onSearch }: { readonly label: string; readonly placeholder: string; readonly value: string; readonly action: string; readonly onSearch: (text: string) => void }) {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const stop = (): void => {
    if (timer.current !== null) clearTimeout(timer.current);
  };
  useEffect(() => stop, []);
  return (
    <form
      role="search"
      action={action}
      className="w-72 max-w-full max-sm:w-full"
      onSubmit={(event) => {
        event.preventDefault();
        stop();
        onSearch(formText(event.currentTarget, "search"));
      }}
    >
      <span className="relative block">
        <Search aria-hidden="true" size={14} className="pointer-events-none absolute top-[9px] left-2.5 text-soft" />
        <Input
          type="search"
          name="search"
          aria-label={label}
          placeholder={placeholder}
          defaultValue={value}
          maxLength={253}
          autoComplete="off"
          spellCheck={false}
          className="pl-8"
          onChange={(event) => {
            const text = event.target.value;
            stop();
            timer.current = setTimeout(() => onSearch(text), PAUSE);
          }}
        />
      </span>
    </form>
  );
}
