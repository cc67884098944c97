import { paths } from "#components/paths.ts";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import { reach } from "#lib/domain/access.ts";
import type { Identity } from "#lib/domain/access.ts";
import { formatOsType } from "#lib/domain/os-definition.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { WHY_NO_INSTANCE } from "./anchors.ts";
import { DefinitionActions } from "./definition-actions.tsx";
import { DefinitionMarks } from "./definition-marks.tsx";
import { allowedActions } from "./rights.ts";

/** Name, marks, actions and tabs: what stands above everything that is said of a definition. */
export function DefinitionHeader({ definition, identity }: { readonly definition: OsDefinitionDetail; readonly identity: Identity }) {
  const { name, title, version, owner } = definition;
  const allowed = allowedActions(identity, owner);
  const mayInstall = reach(identity, "instance.create") !== "none";
  const mayModify = allowed.includes("modify");
  return (
    <>
      <PageHeader
        title={name}
        mark={<DefinitionMarks definition={definition} framed />}
        actions={
          allowed.length === 0 && !mayInstall ? undefined : (
            <DefinitionActions
              name={name}
              serialNo={definition.serialNo}
              hidden={definition.hidden}
              blacklisted={definition.blacklisted}
              allowed={allowed}
              blocked={definition.blockedActions}
              newInstance={mayInstall ? { osType: formatOsType(name, definition.variants[0] ?? null), refusal: definition.installRefusal } : null}
              user={identity.name}
            />
          )
        }
      >
        {title === name ? "" : `${title} · `}
        {version === null ? "no version" : `version ${version}`} · {ownerText(owner, identity)}
        {mayInstall && definition.installRefusal !== null ? (
          <span id={WHY_NO_INSTANCE} className="block">
            No new instance: {definition.installRefusal}
          </span>
        ) : null}
      </PageHeader>
      <LinkTabs
        label="About this definition"
        tabs={[
          { href: paths.osDefinition(name), label: "Overview" },
          { href: paths.osFiles(name), label: "Files" },
          { href: paths.osVersions(name), label: "Versions" },
          { href: paths.osDefaults(name), label: "Defaults" },
          ...(mayModify ? [{ href: paths.osAccess(name), label: "Access" }] : []),
          ...(allowed.includes("trust") ? [{ href: paths.osTrust(name), label: "Trust" }] : []),
        ]}
      />
    </>
  );
}

function ownerText(owner: string | null, identity: Identity): string {
  if (owner === null) return "the cluster’s own";
  return identity.kind === "user" && identity.name === owner ? "yours" : `owned by ${owner}`;
}
