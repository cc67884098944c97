"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { changeBody, placeApi } from "./place.ts";
import type { DefaultsPlace } from "./place.ts";

/** One change of a default: the value goes from the input into the request and is held nowhere between. */
export function useDefaultChange(place: DefaultsPlace) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (visibility: "public" | "private", name: string, value: string | null): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    const answer = await request("PATCH", placeApi(place), { body: changeBody(place, visibility, name, value) });
    setBusy(false);
    if (answer.ok) router.refresh();
    else setProblem(answer.problem);
    return answer.ok;
  };
  return { busy, problem, send };
}
