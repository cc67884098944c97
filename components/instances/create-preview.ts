import { besideField } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { hasSystem, packageBody, sourceBody } from "#components/source/source-draft.ts";
import type { SourceBody, SourceDraft } from "#components/source/source-draft.ts";
import type { InstallCheck, InstallPreview } from "#lib/domain/install-plan.ts";
import type { CreateDraft } from "./create-draft.ts";

/** Body of a request for a preview: what plan and checks follow from. Sizes in MiB, for a create. */
export interface PreviewQuestion extends SourceBody {
  /** Null: without an OS definition. */
  readonly osType: string | null;
  readonly node?: string;
  readonly diskMib?: number;
  readonly memoryMib?: number;
  /** False: nothing is asked of the servers and folders that image, medium and package lie in. */
  readonly probe?: false;
}

/** Sizes that the form begins with, in MiB, the disk in whole GiB as the form has it: enough for most definitions, and for this one. */
export function firstSizes(minimum: { readonly diskMib: number; readonly memoryMib: number }): { readonly diskMib: number; readonly memoryMib: number } {
  return { diskMib: Math.max(2, Math.ceil(minimum.diskMib / 1024)) * 1024, memoryMib: Math.max(512, minimum.memoryMib) };
}

/** What to ask about a draft. Numbers that are none are left for the API to refuse by field. */
export function previewQuestion(draft: Pick<CreateDraft, "node" | "disks" | "memoryMib">, osType: string | null): PreviewQuestion {
  return {
    osType,
    ...(draft.node === "" ? {} : { node: draft.node }),
    diskMib: Math.round(Number(draft.disks[0] ?? "") * 1024),
    memoryMib: Number(draft.memoryMib),
  };
}

/**
 * A question with what else is installed. Where that is nothing, nobody has to be asked whether it can be reached, and the
 * question is the one that the page has answered.
 */
export function withSource(question: PreviewQuestion, draft: SourceDraft, initial: SourceDraft): PreviewQuestion {
  const reaches = hasSystem(draft) || packageBody(draft) !== null;
  return { ...question, ...sourceBody(draft, initial), ...(reaches ? {} : { probe: false }) };
}

/**
 * A preview in which a refusal takes the place of what it makes untrue: node and room, which were looked at for other sizes,
 * and the definition where that is what is refused. What doesn't follow from the sizes stays.
 */
export function refusedPreview(preview: InstallPreview, problem: Problem, question: PreviewQuestion): InstallPreview {
  const kept = preview.checks.filter(({ id }) => id !== "node" && id !== "room" && !(id === "definition" && problem.field === "osType"));
  const { diskMib } = question;
  return {
    ...preview,
    plan: diskMib !== undefined && Number.isFinite(diskMib) && diskMib > 0 ? { ...preview.plan, replacesDisk: { index: 0, sizeMib: diskMib } } : preview.plan,
    checks: [{ id: "room", ok: false, text: refusal(problem) }, ...kept],
  };
}

/** Whether a refusal is about what was asked, and so holds for the create itself; where there was no real answer, nothing is known. */
export function isVerdict(problem: Problem): boolean {
  return problem.code !== "unreachable" && problem.code !== "too_many_requests" && problem.code !== "internal";
}

function refusal(problem: Problem): string {
  if (problem.code === "unreachable") return "The controller doesn't answer, so room was not checked.";
  const beside = besideField(problem) ?? problem.detail;
  // Only a sentence that begins with the name of a field needs another beginning.
  if (beside === problem.detail) return problem.detail;
  if (problem.field === "diskMib") return `Disk 0, in MiB: ${beside}`;
  if (problem.field === "memoryMib") return `Memory, in MiB: ${beside}`;
  return problem.detail;
}

/** What keeps an install from being asked for, of what was looked at; null: nothing. */
export function blockingCheck(checks: InstallPreview["checks"], ignored: readonly InstallCheck["id"][]): string | null {
  return checks.find(({ ok, id }) => !ok && !ignored.includes(id))?.text ?? null;
}
