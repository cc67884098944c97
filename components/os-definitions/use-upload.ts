"use client";

import { useEffect, useRef, useState } from "react";
import { upload } from "#components/api/upload.ts";
import type { Upload } from "#components/api/upload.ts";
import type { Problem } from "#components/api/request.ts";
import { api } from "#components/paths.ts";
import type { OsDefinitionCheck, OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { archiveType } from "./archive.ts";

/** The bytes of an archive as they were when they were chosen: what is checked is what is registered, whatever becomes of the file. */
export interface ChosenArchive {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type UploadState =
  | { readonly step: "choosing" }
  /** Percent of the bytes that are sent. */
  | { readonly step: "checking" | "registering"; readonly percent: number }
  | { readonly step: "checked" };

export interface UploadFlow {
  readonly state: UploadState;
  readonly check: OsDefinitionCheck | null;
  readonly problem: Problem | null;
  readonly runCheck: (name: string, archive: ChosenArchive) => void;
  readonly register: (archive: ChosenArchive) => void;
  /** What was found no longer holds for what is typed now. */
  readonly reset: () => void;
}

/** An upload in its two calls: one that looks and keeps nothing, one that registers. A new one ends the one before. */
export function useUpload(onRegistered: (name: string) => void): UploadFlow {
  const [state, setState] = useState<UploadState>({ step: "choosing" });
  const [check, setCheck] = useState<OsDefinitionCheck | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const begin = (step: "checking" | "registering"): { readonly signal: AbortSignal; readonly onProgress: (percent: number) => void } => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setProblem(null);
    setState({ step, percent: 0 });
    return { signal: abort.signal, onProgress: (percent) => setState({ step, percent }) };
  };
  const sending = (step: "checking" | "registering", path: string, { fileName, bytes }: ChosenArchive): Upload => ({
    path,
    bytes,
    contentType: archiveType(fileName) ?? "application/octet-stream",
    ...begin(step),
  });

  const runCheck = async (name: string, archive: ChosenArchive): Promise<void> => {
    setCheck(null);
    const answer = await upload<OsDefinitionCheck>(sending("checking", api.osChecks(name), archive));
    if (answer === null) return;
    setState({ step: answer.ok ? "checked" : "choosing" });
    if (answer.ok) setCheck(answer.value);
    else setProblem(answer.problem);
  };
  const register = async (archive: ChosenArchive): Promise<void> => {
    if (check === null) return;
    const answer = await upload<OsDefinitionDetail>(sending("registering", api.osVersions(check.name, check.owner ?? undefined), archive));
    if (answer === null) return;
    if (answer.ok) {
      onRegistered(answer.value.name);
      return;
    }
    setState({ step: "checked" });
    setProblem(answer.problem);
  };
  return {
    state,
    check,
    problem,
    runCheck: (name, archive) => void runCheck(name, archive),
    register: (archive) => void register(archive),
    reset: () => {
      running.current?.abort();
      setState({ step: "choosing" });
      setCheck(null);
      setProblem(null);
    },
  };
}
