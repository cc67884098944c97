import { ChevronDown } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { Button } from "./button.tsx";

export interface MenuAction {
  readonly id: string;
  readonly word: string;
  /** Why it can't be taken now; undefined: it can. */
  readonly reason: string | undefined;
  readonly bad?: boolean;
  readonly onChoose: () => void;
}

/** What can be done with an object. What can't be done now is shown with the reason. */
export function ActionsMenu({ actions }: { readonly actions: readonly MenuAction[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button>
          Actions
          <ChevronDown aria-hidden="true" size={14} />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} collisionPadding={8} className="z-40 w-72 rounded-md border border-line bg-panel p-1 shadow-over">
          {actions.map((action) => (
            <Item key={action.id} {...action} />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Item({ word, reason, bad = false, onChoose }: MenuAction) {
  return (
    <DropdownMenu.Item
      // Not `disabled`, which the keyboard passes over: the reason is to be read.
      aria-disabled={reason === undefined ? undefined : true}
      onSelect={(event) => {
        if (reason === undefined) onChoose();
        else event.preventDefault();
      }}
      className="block cursor-default rounded-sm px-3 py-1.5 outline-none data-highlighted:bg-hover"
    >
      <span className={reason !== undefined ? "text-faint" : bad ? "text-bad" : ""}>{word}</span>
      {reason === undefined ? null : <span className="block text-small text-soft">{reason}</span>}
    </DropdownMenu.Item>
  );
}
