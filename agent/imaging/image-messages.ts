import type { ErrorCode } from "#lib/domain/errors.ts";
import type { WrittenImage } from "./image-request.ts";

/** To the thread that writes an image. `go`: it may write to the disk now. */
export type ImageOrder = { readonly kind: "go" } | { readonly kind: "abort" };

/** From it. The last is `written` or `failed`; `cause` is for the log. */
export type ImageNews =
  | { readonly kind: "before-write" }
  | { readonly kind: "progress"; readonly fraction: number; readonly bytes: number }
  | { readonly kind: "written"; readonly written: WrittenImage }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string; readonly field: string | undefined; readonly cause: string };
