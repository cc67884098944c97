"use client";

import { Menu } from "lucide-react";
import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { IconButton } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

/** The list of pages where there is no room for it at the side. */
export function MobileNavigation({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const path = usePathname();
  useEffect(() => setOpen(false), [path]);
  return (
    <span className="md:hidden">
      <IconButton label="Pages" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Menu aria-hidden="true" size={18} />
      </IconButton>
      <Dialog open={open} onClose={() => setOpen(false)} title="Slipway">
        <nav aria-label="Pages" className="p-2">
          {children}
        </nav>
      </Dialog>
    </span>
  );
}
