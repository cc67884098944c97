import { paths } from "#components/paths.ts";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";

/** What stands above every page of the settings. */
export function SettingsHeader({ cluster }: { readonly cluster: string }) {
  return (
    <>
      <PageHeader title="Settings">Of the cluster {cluster}.</PageHeader>
      <LinkTabs
        label="Settings"
        tabs={[
          { href: paths.settings(), label: "Cluster" },
          { href: paths.settingsAppliances(), label: "Appliances" },
          { href: paths.settingsReceipts(), label: "Receipt keys" },
          { href: paths.settingsParameters(), label: "Parameter defaults" },
        ]}
      />
    </>
  );
}
