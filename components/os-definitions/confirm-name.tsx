import { Input } from "#components/ui/field.tsx";

/** The name has to be typed before something dangerous is done. `first`: it gets the focus in a dialog. */
export function ConfirmName({ name, typed, onType, first = false }: { readonly name: string; readonly typed: string; readonly onType: (text: string) => void; readonly first?: boolean }) {
  return (
    <label className="flex flex-col gap-1">
      <span>
        Type <b className="font-mono text-small font-semibold">{name}</b> to confirm
      </span>
      <Input
        {...(first ? { "data-first": true } : {})}
        value={typed}
        onChange={(event) => onType(event.target.value)}
        maxLength={64}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="max-w-96 font-mono text-small"
      />
    </label>
  );
}
