"use client";

import { useEffect, useState } from "react";
import { request } from "#components/api/request.ts";
import type { Answer } from "#components/api/request.ts";
import { api } from "#components/paths.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { isVerdict, refusedPreview } from "./create-preview.ts";
import type { PreviewQuestion } from "./create-preview.ts";

/** Milliseconds without a change after which it is asked: between two keys of somebody who is typing a number. */
const PAUSE = 300;

export interface CreatePreview {
  readonly preview: InstallPreview;
  /** What is shown is of an earlier question; the answer to this one is on its way. */
  readonly pending: boolean;
  /** Why the create would be refused; null: nothing that is known. */
  readonly failed: string | null;
}

/** The preview of what is typed. The page comes with one; another is asked for whenever the question is no longer the page's. */
export function useCreatePreview(page: { readonly question: PreviewQuestion; readonly preview: InstallPreview }, question: PreviewQuestion): CreatePreview {
  const [last, setLast] = useState<{ readonly question: PreviewQuestion; readonly answer: Answer<InstallPreview> } | null>(null);
  const body = JSON.stringify(question);
  const isPages = body === JSON.stringify(page.question);

  useEffect(() => {
    if (isPages) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      // It was made of a question, a few lines above.
      const asked = JSON.parse(body) as PreviewQuestion;
      void request<InstallPreview>("POST", api.instancePreviews(), { body: asked, signal: stop.signal }).then((answer) => {
        if (!stop.signal.aborted) setLast({ question: asked, answer });
      });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [body, isPages]);

  // An answer about another definition says nothing of this one; the page's preview does.
  const shown = isPages || last?.question.osType !== question.osType ? null : last;
  const preview = shown === null ? page.preview : shown.answer.ok ? shown.answer.value : refusedPreview(page.preview, shown.answer.problem, shown.question);
  const isUnknown = shown !== null && !shown.answer.ok && !isVerdict(shown.answer.problem);
  return {
    preview,
    pending: !isPages && (shown === null || JSON.stringify(shown.question) !== body),
    failed: isUnknown ? null : (preview.checks.find((check) => !check.ok)?.text ?? null),
  };
}
