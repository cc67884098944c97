"use client";

import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import { consoleAddress } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { Button } from "#components/ui/button.tsx";
import { endedWords, STATES } from "./connection.ts";
import type { Connection } from "./connection.ts";

/** Columns and rows: a serial line tells its guest no size, so that is what they all assume. */
const SIZE = { cols: 80, rows: 24 } as const;
/** Lines that can be scrolled back to. */
const SCROLLBACK = 5_000;
/** Of what is typed and not sent yet, in bytes: a paste that the line has no room for is cut off. */
const UNSENT_BYTES = 262_144;

/** The serial console of an instance, one person at a time. It connects when it is asked to: looking at a page takes it from nobody. */
export function SerialConsole({ instance, blocked }: { readonly instance: string; readonly blocked: string | null }) {
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  /** Goes up with each connection. */
  const [attempt, setAttempt] = useState(0);
  const [connection, setConnection] = useState<Connection>({ state: "none", why: null });

  useEffect(() => {
    const element = place.current;
    if (attempt === 0 || element === null) return;
    let close = (): void => undefined;
    let isOver = false;
    const onChange = (change: Connection): void => {
      if (!isOver) setConnection(change);
    };
    void open(element, instance, { onChange, onLeave: () => button.current?.focus() }).then((end) => {
      if (isOver) end();
      else close = end;
    });
    return () => {
      isOver = true;
      close();
    };
  }, [attempt, instance]);

  const { state, why } = connection;
  const connected = state === "open" || state === "opening";
  return (
    <section aria-label={`Serial console of ${instance}`} className="min-w-0 overflow-hidden rounded-md border border-line bg-panel">
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2">
        <span role="status" className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <Status tone={STATES[state].tone}>{STATES[state].word}</Status>
          {why === null ? null : <span className="text-small text-soft wrap-anywhere">{why}</span>}
        </span>
        {blocked !== null && !connected ? (
          <span className="text-small text-soft">{blocked}</span>
        ) : (
          <Button
            ref={button}
            onClick={() => {
              if (connected) {
                setAttempt(0);
                setConnection({ state: "none", why: null });
              } else {
                setConnection({ state: "opening", why: null });
                setAttempt((before) => before + 1);
              }
            }}
          >
            {connected ? "Disconnect" : attempt === 0 ? "Connect" : "Connect again"}
          </Button>
        )}
      </header>
      <div className="overflow-x-auto bg-terminal p-3">
        <div ref={place} className="min-h-[24.5em] w-max min-w-full font-mono text-small" />
      </div>
    </section>
  );
}

interface Listener {
  readonly onChange: (connection: Connection) => void;
  /** The terminal keeps every key to itself, but for the one by which one leaves it. */
  readonly onLeave: () => void;
}

/** Shows a terminal in an element and joins it to the console. @returns how both are ended */
async function open(element: HTMLElement, instance: string, { onChange, onLeave }: Listener): Promise<() => void> {
  const { Terminal } = await import("@xterm/xterm");
  const colour = (name: string): string => getComputedStyle(element).getPropertyValue(name).trim();
  const terminal = new Terminal({
    ...SIZE,
    scrollback: SCROLLBACK,
    fontFamily: getComputedStyle(element).fontFamily,
    fontSize: 13,
    screenReaderMode: true,
    theme: { background: colour("--color-terminal"), foreground: colour("--color-terminal-ink"), cursor: colour("--color-terminal-ink") },
  });
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key !== "F6" || !event.ctrlKey) return true;
    if (event.type === "keydown") onLeave();
    return false;
  });
  element.replaceChildren();
  terminal.open(element);
  terminal.focus();
  const socket = new WebSocket(consoleAddress(instance, window.location.origin));
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => onChange({ state: "open", why: null }));
  socket.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.data instanceof ArrayBuffer) terminal.write(new Uint8Array(event.data));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    terminal.options.disableStdin = true;
    onChange({ state: "closed", why: endedWords(code, reason) });
  });
  const send = (bytes: Uint8Array<ArrayBuffer>): void => {
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount + bytes.byteLength <= UNSENT_BYTES) socket.send(bytes);
  };
  const encoder = new TextEncoder();
  terminal.onData((text) => send(encoder.encode(text)));
  // What isn't text: reports of the mouse, each character a byte.
  terminal.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0) & 255)));
  return () => {
    socket.close();
    terminal.dispose();
  };
}
