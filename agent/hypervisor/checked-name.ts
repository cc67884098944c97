/**
 * What may stand in QEMU's comma-separated options: no comma, no equals sign, nothing that a shell or QEMU gives a meaning.
 * Paths are relative to the guest's folder, so the folder's own name never gets here.
 */
export function checkedName(text: string): string {
  if (!/^[A-Za-z0-9._/-]+$/.test(text) || text.startsWith("-")) throw new Error("a name can't stand among QEMU's options");
  return text;
}
