import type { Datasource } from "#lib/domain/instance.ts";

/** What a guest's firmware says that it is. */
export const DATASOURCE: Readonly<Record<Datasource, { readonly word: string; readonly hint: string }>> = {
  openstack: { word: "OpenStack", hint: "An unmodified cloud image finds its data by the OpenStack datasource." },
  ec2: { word: "EC2", hint: "An unmodified cloud image finds its data by the EC2 datasource." },
  none: { word: "a plain machine", hint: "The data are there, and only who knows the address looks for them." },
};
