"use client";

import { useRouter } from "next/navigation";
import { useEffect, useId, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { request } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import { ToneMark } from "#components/status/mark.tsx";
import { INSTANCE_STATUS } from "#components/status/statuses.ts";
import { classes } from "#components/ui/classes.ts";
import type { InstanceSummary } from "#lib/domain/instance.ts";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import type { Page } from "#lib/domain/paging.ts";
import type { NavigationItem } from "./navigation.ts";

interface Target {
  readonly href: string;
  readonly label: string;
  readonly instance: InstanceSummary | null;
  /** What kind of thing it is, where its name doesn't tell. */
  readonly kind?: string;
}

/** Milliseconds of stillness before instances and definitions are searched. */
const PAUSE = 120;
const FOUND = 8;

/** Reaches every page, instance and definition from the keyboard: Ctrl or Cmd K. */
export function Palette({ pages, mayCreate, mayUpload, mayMakeNetworks }: { readonly pages: readonly NavigationItem[]; readonly mayCreate: boolean; readonly mayUpload: boolean; readonly mayMakeNetworks: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      setOpen((before) => !before);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    const element = dialog.current;
    if (open && element?.open === false) element.showModal();
    if (!open && element?.open === true) element.close();
  }, [open]);
  const targets = [
    ...pages.map(({ href, label }) => ({ href, label, instance: null })),
    ...(mayCreate ? [{ href: paths.newInstance(), label: "New instance", instance: null }] : []),
    ...(mayUpload ? [{ href: paths.uploadDefinition(), label: "Upload a definition", instance: null }] : []),
    ...(mayMakeNetworks ? [{ href: paths.newNetwork(), label: "New network", instance: null }] : []),
  ];
  return (
    <>
      <button type="button" onClick={() => setOpen(true)} aria-haspopup="dialog" title="Go to a page, an instance or an OS definition" className="rounded-sm px-1 py-1 max-sm:hidden">
        <kbd className="rounded-sm border border-line px-1.5 py-px font-mono text-small text-soft">Ctrl K</kbd>
        <span className="sr-only">, go to a page, an instance or an OS definition</span>
      </button>
      <dialog
        ref={dialog}
        aria-label="Go to a page, an instance or an OS definition"
        onClose={() => setOpen(false)}
        onClick={(event) => {
          if (event.target === event.currentTarget) setOpen(false);
        }}
        className="mx-auto mt-[12vh] mb-auto w-[min(560px,calc(100vw-32px))] rounded-md border border-line bg-panel p-0 text-ink shadow-over"
      >
        {open ? <PaletteSearch pages={targets} onDone={() => setOpen(false)} /> : null}
      </dialog>
    </>
  );
}

function PaletteSearch({ pages, onDone }: { readonly pages: readonly Target[]; readonly onDone: () => void }) {
  const router = useRouter();
  const listId = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { instances, definitions } = useFound(text);
  const words = text.trim().toLowerCase();
  const targets = [
    ...pages.filter(({ label }) => label.toLowerCase().includes(words)),
    ...instances.map((instance): Target => ({ href: paths.instance(instance.name), label: instance.name, instance })),
    ...definitions.map(({ name }): Target => ({ href: paths.osDefinition(name), label: name, instance: null, kind: "OS definition" })),
  ];
  const current = Math.min(at, targets.length - 1);

  const go = (target: Target | undefined): void => {
    if (target === undefined) return;
    onDone();
    router.push(target.href);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") go(targets[current]);
    else if (event.key === "ArrowDown") setAt(Math.min(current + 1, targets.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        type="text"
        role="combobox"
        aria-label="Page, instance or OS definition"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={targets.length === 0 ? undefined : `${listId}-${current}`}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        placeholder="Page, instance or OS definition"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        className="h-11 w-full border-b border-line bg-panel px-4 outline-none"
      />
      <ul id={listId} role="listbox" aria-label="Found" className="max-h-[50vh] overflow-y-auto p-1">
        {targets.map((target, index) => (
          <li
            key={target.href}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => go(target)}
            onPointerMove={() => setAt(index)}
            className={classes("flex h-8 cursor-default items-center gap-2 rounded-sm px-3", index === current && "bg-accent-soft")}
          >
            {target.instance === null ? null : <ToneMark tone={INSTANCE_STATUS[target.instance.status].tone} />}
            <span className={classes("truncate", (target.instance !== null || target.kind !== undefined) && "font-mono text-small")}>{target.label}</span>
            <span className="ml-auto shrink-0 text-small text-soft">{target.instance === null ? target.kind : INSTANCE_STATUS[target.instance.status].word}</span>
          </li>
        ))}
      </ul>
      <p role="status" className={targets.length === 0 ? "px-4 pb-3 text-soft" : "sr-only"}>
        {targets.length === 0 ? `Nothing is called “${text.trim()}”.` : ""}
      </p>
    </>
  );
}

interface Found {
  readonly instances: readonly InstanceSummary[];
  readonly definitions: readonly OsDefinitionSummary[];
}

const NOTHING: Found = { instances: [], definitions: [] };

/** Instances and definitions that fit, asked for when typing rests. */
function useFound(text: string): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  const search = text.trim();
  useEffect(() => {
    if (search === "") return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const keep = (change: Partial<Found>): void => {
        if (!stop.signal.aborted) setFound((before) => ({ ...before, ...change }));
      };
      void request<Page<InstanceSummary>>("GET", api.instances({ search, limit: FOUND }), { signal: stop.signal }).then((answer) => {
        if (answer.ok) keep({ instances: answer.value.items });
      });
      void request<Page<OsDefinitionSummary>>("GET", api.osDefinitions({ search, limit: FOUND }), { signal: stop.signal }).then((answer) => {
        if (answer.ok) keep({ definitions: answer.value.items });
      });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [search]);
  return search === "" ? NOTHING : found;
}
