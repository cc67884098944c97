import { unstable_rethrow } from "next/navigation";
import { currentContext } from "#components/page/context.ts";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { listNodeFolders } from "#lib/os-definitions/list-node-folders.ts";
import type { NodeFolder } from "#lib/os-definitions/list-node-folders.ts";
import { FolderTable } from "./folder-table.tsx";

/** Folders of OS definitions on a node, asked of its agent while the page is shown already. */
export async function NodeFolders({ node }: { readonly node: string }) {
  const ctx = await currentContext();
  const found = await listed(node);
  if (typeof found === "string") {
    return (
      <div className="px-4 pb-4">
        <Notice kind="wait" title="The node’s folders can’t be listed now">
          {found}
        </Notice>
      </div>
    );
  }
  if (found.length === 0) {
    return <EmptyState title="No folders">The agent looks in the roots that the node’s administrator lists for it, and found no OS definition there.</EmptyState>;
  }
  return <FolderTable node={node} folders={found} user={ctx.identity.name} />;
}

/** The folders, or why there are none to show: an agent that doesn't answer doesn't take the rest of the page with it. */
async function listed(node: string): Promise<readonly NodeFolder[] | string> {
  const ctx = await currentContext();
  try {
    return (await listNodeFolders(ctx, node)).folders;
  } catch (error) {
    unstable_rethrow(error);
    if (!isSlipwayError(error)) throw error;
    return error.message;
  }
}
