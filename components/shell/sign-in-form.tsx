"use client";

import { signIn } from "next-auth/react";
import { useRef, useState } from "react";
import type { SubmitEvent } from "react";
import { Button } from "#components/ui/button.tsx";
import { Input } from "#components/ui/field.tsx";
import { formText } from "#components/ui/form-text.ts";
import { Notice } from "#components/ui/notice.tsx";
import { useAlive } from "#components/ui/use-alive.ts";

/** Why signing in failed, in words. Codes are next-auth's and our own. */
function inWords(error: string): string {
  switch (error) {
    case "CredentialsSignin":
      return "This name and password don't go together.";
    case "too_many_requests":
      return "Too many tries from here. Wait a minute, then try again.";
    case "unreachable":
      return "The controller doesn't answer.";
    case "SessionRequired":
      return "The session has ended. Sign in again.";
    default:
      return "Signing in failed in the controller. Its log says why.";
  }
}

/** Name and password. After an error the name stays, the password goes. */
export function SignInForm({ next, error: initial }: { readonly next: string; readonly error: string | null }) {
  const [error, setError] = useState(initial);
  const [busy, setBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const alive = useAlive();

  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    const failed = await trySignIn(formText(form, "name"), formText(form, "password"));
    if (failed === null) {
      window.location.assign(next);
      return;
    }
    setBusy(false);
    setError(failed);
    if (password.current !== null) {
      password.current.value = "";
      password.current.focus();
    }
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 rounded-md border border-line bg-panel p-5">
      {error === null ? null : (
        <Notice kind="bad" live>
          {inWords(error)}
        </Notice>
      )}
      <label className="flex flex-col gap-1">
        <span>Name</span>
        <Input name="name" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus maxLength={64} />
      </label>
      <label className="flex flex-col gap-1">
        <span>Password</span>
        <Input ref={password} name="password" type="password" autoComplete="current-password" required maxLength={1024} />
      </label>
      <Button kind="main" type="submit" disabled={busy || !alive}>
        {busy ? "Signing in" : "Sign in"}
      </Button>
    </form>
  );
}

/** Null, or the code of what went wrong. */
async function trySignIn(name: string, password: string): Promise<string | null> {
  try {
    const answer = await signIn("credentials", { name, password, redirect: false });
    return answer === undefined ? "internal" : answer.ok && answer.error === null ? null : (answer.error ?? "internal");
  } catch {
    return "unreachable";
  }
}
