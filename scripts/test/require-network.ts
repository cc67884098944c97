import type { TestProject } from "vitest/node";

/** What tests of the network get, by `inject("network")`. They run as root, in namespaces of their own. */
export interface NetworkTestPlace {
  /** Folder with `slipway-helper` and `slipway-launch`. */
  readonly helper: string;
  /** Folder with the disks of e2e/network/guests. */
  readonly guests: string;
  /** Folder of the built appliance. */
  readonly appliance: string;
  /** Folder of the sample definition's image. */
  readonly image: string;
  /** Root's, with a short path, open to be passed through, and gone afterwards. */
  readonly scratch: string;
  /** The sources, where `user` can read them. Root runs nothing from there: it may be that user's. */
  readonly release: string;
  /** The pinned Node, where `user` can run it. */
  readonly node: string;
  /** The account that agent and QEMU run as. */
  readonly user: string;
}

declare module "vitest" {
  interface ProvidedContext {
    network: NetworkTestPlace;
  }
}

/** These tests change the network that they run in, so that has to be one of their own: `npm test -- network [FILTER…]`. */
export default function setUp(project: TestProject): void {
  project.provide("network", networkPlace());
}

/** What this process was told by its environment (network-lane.ts). */
export function networkPlace(): NetworkTestPlace {
  const value = (name: string): string => {
    const found = process.env[name];
    if (found === undefined || found === "") throw new Error(`${name} isn't set; \`npm test -- network\`, as root, sets up what tests of the network need`);
    return found;
  };
  value("SLIPWAY_TEST_NAMESPACES");
  return {
    helper: value("SLIPWAY_TEST_HELPER"),
    guests: value("SLIPWAY_TEST_GUESTS"),
    appliance: value("SLIPWAY_APPLIANCE"),
    image: value("SLIPWAY_SAMPLE_IMAGE"),
    scratch: value("SLIPWAY_TEST_SCRATCH"),
    release: value("SLIPWAY_TEST_RELEASE"),
    node: value("SLIPWAY_TEST_NODE"),
    user: value("SLIPWAY_TEST_USER"),
  };
}
