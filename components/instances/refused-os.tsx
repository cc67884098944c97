"use client";

import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { parseOsType } from "#lib/domain/os-definition.ts";
import { FormSection } from "./form-section.tsx";
import type { OsChoices } from "./load-choices.ts";
import { OsSelect } from "./os-select.tsx";

interface Props {
  /** The instance to reinstall; null: a new one. */
  readonly instance: string | null;
  readonly offered: OsChoices;
  /** Null: what is stored, without a definition. */
  readonly osType: string | null;
  readonly find: string;
  readonly reason: string;
}

/** A definition that can't be installed, with the reason, and the choice of another. */
export function RefusedOs({ instance, offered, osType, find, reason }: Props) {
  const hrefOf = (os: string, search: string): string => (instance === null ? paths.newInstance({ os, find: search }) : paths.reinstall(instance, { os, find: search }));
  return (
    <div className="min-w-0 rounded-md border border-line bg-panel">
      <FormSection title="System">
        <OsSelect offered={offered} value={osType} find={find} hint="Nothing runs with it as things are." hrefOf={hrefOf} />
        <div className="mt-3">
          <Notice kind="wait" title="It can’t be installed now">
            <p>{reason}</p>
            {osType === null ? null : (
              <p className="mt-2">
                <ButtonLink href={paths.osDefinition(parseOsType(osType).name)}>What {parseOsType(osType).name} runs where</ButtonLink>
              </p>
            )}
          </Notice>
        </div>
      </FormSection>
    </div>
  );
}
