"use client";

import { Menu } from "lucide-react";
import { usePathname } from "next/navigation";
import { useState } from "react";
import type { ReactNode } from "react";
import { IconButton } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

/** The list of pages where there is no room for it at the side. */
export function MobileNavigation({ children }: { readonly children: ReactNode }) {
  // Open on the page on which it was opened: going to another one closes it.
  const [openAt, setOpenAt] = useState<string | null>(null);
  const path = usePathname();
  return (
    <span className="md:hidden">
      <IconButton label="Pages" aria-haspopup="dialog" onClick={() => setOpenAt(path)}>
        <Menu aria-hidden="true" size={18} />
      </IconButton>
      <Dialog open={openAt === path} onClose={() => setOpenAt(null)} title="Slipway">
        <nav aria-label="Pages" className="p-2">
          {children}
        </nav>
      </Dialog>
    </span>
  );
}
