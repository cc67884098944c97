import { formatPercent } from "#components/format.ts";
import { logParts } from "./log-text.ts";

/** What somebody said in a log: in an install's, or over the channel of a running system. */
export interface Said {
  readonly kind: "log" | "progress" | "state" | "notice" | "message";
  /** `guest`, `agent`, `user NAME`, `host script`; null: from before authors were told apart. */
  readonly author: string | null;
  readonly text: string | null;
  readonly step: string | null;
  readonly percent: number | null;
}

/**
 * An entry's words, with whose they are where they aren't the guest's. Progress in the accent's colour, what the program itself says
 * in its own.
 */
export function LogContent({ said }: { readonly said: Said }) {
  const { author, kind } = said;
  const isTold = author !== null && author !== "guest" && kind !== "state" && kind !== "notice";
  return (
    <>
      {isTold ? (
        <span className="mr-2 rounded-sm border border-line px-1 text-soft">
          {author}
          {kind === "message" ? " → guest" : null}
        </span>
      ) : null}
      <Words said={said} />
    </>
  );
}

/** An entry's words alone, for where their authors have a column. */
export function Words({ said }: { readonly said: Said }) {
  const text = said.text === null || said.text === "" ? null : <Parts text={said.text} />;
  switch (said.kind) {
    case "log":
    case "message":
      return text;
    case "progress":
      return (
        <>
          <span className="text-accent">
            {said.step === null ? null : <Parts text={said.step} />}
            {said.percent === null ? null : ` ${formatPercent(said.percent)}`}
          </span>{" "}
          {text}
        </>
      );
    case "state":
      return <span className="text-soft">— {text ?? said.step} —</span>;
    case "notice":
      return <span className="text-wait">{text}</span>;
  }
}

function Parts({ text }: { readonly text: string }) {
  return logParts(text).map((part, index) =>
    part.kind === "text" ? (
      part.text
    ) : (
      <mark key={index} title="A private or secret value stood here. It was taken out on the node." className="rounded-sm bg-line px-1 text-soft">
        redacted
      </mark>
    ),
  );
}
