import type { Metadata } from "next";
import type { ReactNode } from "react";
import { loadInstance } from "#components/instances/load-instance.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { ParameterTable } from "#components/parameters/parameter-table.tsx";
import type { ParameterRow } from "#components/parameters/parameter-table.tsx";
import { VisibilityLegend } from "#components/parameters/visibility-mark.tsx";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import type { ParameterView } from "#lib/domain/parameters.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Parameters of ${decodeURIComponent((await params).name)}` };
}

export default function InstanceParametersPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async () => {
    const instance = await loadInstance((await params).name);
    return (
      <Card>
        {instance.parameters.length === 0 ? (
          <EmptyState title="No parameters" action={<ButtonLink href={paths.reinstall(instance.name)}>Install a system</ButtonLink>}>
            Those of the next install are kept here: public ones with their values, private ones encrypted, secret ones by name.
          </EmptyState>
        ) : (
          <>
            <div className="border-b border-line px-4 py-3">
              <VisibilityLegend />
            </div>
            <ParameterTable rows={instance.parameters.map(rowOf)} secretNote="not kept: asked for again at each reinstall" />
          </>
        )}
      </Card>
    );
  });
}

function rowOf(parameter: ParameterView): ParameterRow {
  const { name, visibility, from } = parameter;
  return {
    name,
    visibility,
    from,
    value: parameter.visibility === "public" ? parameter.value : null,
    fingerprint: parameter.visibility === "private" ? parameter.fingerprint : null,
  };
}
