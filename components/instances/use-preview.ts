"use client";

import { useEffect, useRef, useState } from "react";
import { request } from "#components/api/request.ts";
import type { Answer, Problem } from "#components/api/request.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { isVerdict, refusedPreview } from "./create-preview.ts";
import type { PreviewQuestion } from "./create-preview.ts";

/** Milliseconds without a change after which it is asked: between two keys of somebody who is typing a number. */
const PAUSE = 300;

export interface Asked {
  readonly question: PreviewQuestion;
  /** Null: nothing can be previewed yet. */
  readonly preview: InstallPreview | null;
}

export interface Preview {
  readonly preview: InstallPreview | null;
  /** What is shown is of an earlier question; the answer to this one is on its way. */
  readonly pending: boolean;
  /** Why it would be refused, beside the checks; null: nothing that is known. */
  readonly refused: string | null;
  /** The same, with the field that it is about. */
  readonly problem: Problem | null;
  /** Asks the same once more: what was looked at may have changed since. */
  readonly checkAgain: () => void;
}

interface Options {
  readonly path: string;
  /** What the page came with. */
  readonly page: Asked;
  /** Null: not enough is typed to ask anything. */
  readonly question: PreviewQuestion | null;
  /** Adds the package's user name and password, read when it is asked and held nowhere. */
  readonly seal: (question: PreviewQuestion) => PreviewQuestion;
}

/** The preview of what is typed. The page comes with one; another is asked for whenever the question is no longer the page's. */
export function usePreview({ path, page, question, seal }: Options): Preview {
  const [last, setLast] = useState<{ readonly question: PreviewQuestion; readonly key: string; readonly answer: Answer<InstallPreview> } | null>(null);
  const [times, setTimes] = useState(0);
  const body = question === null ? null : JSON.stringify(question);
  const key = `${times} ${body ?? ""}`;
  const isPages = times === 0 && body === JSON.stringify(page.question);

  // User name and password are no part of the question: whoever has typed them asks again.
  const sealing = useRef(seal);
  useEffect(() => {
    sealing.current = seal;
  });
  useEffect(() => {
    if (isPages || body === null) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      // It was made of a question, a few lines above.
      const asked = JSON.parse(body) as PreviewQuestion;
      void request<InstallPreview>("POST", path, { body: sealing.current(asked), signal: stop.signal }).then((answer) => {
        if (!stop.signal.aborted) setLast({ question: asked, key, answer });
      });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [body, isPages, key, path]);

  const checkAgain = (): void => setTimes((before) => before + 1);
  if (body === null) return { preview: null, pending: false, refused: null, problem: null, checkAgain };
  // An answer about another definition says nothing of this one; the page's preview does.
  const shown = isPages || last === null || last.question.osType !== question?.osType ? null : last;
  const pending = !isPages && shown?.key !== key;
  if (shown === null) return { preview: page.preview, pending, refused: null, problem: null, checkAgain };
  if (shown.answer.ok) return { preview: shown.answer.value, pending, refused: null, problem: null, checkAgain };
  const { problem } = shown.answer;
  const preview = page.preview === null ? null : refusedPreview(page.preview, problem, shown.question);
  return { preview, pending, refused: isVerdict(problem) ? problem.detail : null, problem: pending ? null : problem, checkAgain };
}
