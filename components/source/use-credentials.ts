"use client";

import { useState } from "react";
import type { RefObject } from "react";

export interface CredentialsForm {
  /** To be called whenever something was typed. */
  readonly noteTyping: () => void;
  /** Whether something stands in both, in one of them, or in none. */
  readonly filled: "both" | "one" | "none";
  /** Read at the moment of sending and held nowhere; null: not both are there. */
  readonly collect: () => { readonly username: string; readonly password: string } | null;
  readonly forget: () => void;
}

/** User name and password of a package. They stay in their inputs; React's state has that they are there. */
export function useCredentials(form: RefObject<HTMLFormElement | null>): CredentialsForm {
  const [filled, setFilled] = useState<CredentialsForm["filled"]>("none");
  const input = (part: "username" | "password"): HTMLInputElement | null => form.current?.querySelector<HTMLInputElement>(`[data-package=${part}]`) ?? null;
  const typed = () => ({ username: input("username")?.value ?? "", password: input("password")?.value ?? "" });
  const noteTyping = (): void => {
    const { username, password } = typed();
    setFilled(username !== "" && password !== "" ? "both" : username !== "" || password !== "" ? "one" : "none");
  };
  return {
    noteTyping,
    filled,
    collect: () => {
      const values = typed();
      return values.username === "" || values.password === "" ? null : values;
    },
    forget: () => {
      for (const part of ["username", "password"] as const) {
        const element = input(part);
        if (element !== null) element.value = "";
      }
      noteTyping();
    },
  };
}
