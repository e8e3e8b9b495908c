/**
 * Features: how the kernel of a dialect was built, as in `sim:mainline-7.3+no-dmabuf`.
 *
 * @module
 */
import type { Check, Checks } from "./kernel/check.ts";
import { WITHOUT_DMABUF } from "./dialects/vfio.ts";
import type { Dialect, Rules } from "./rules.ts";

/** A switch that makes another kernel of a dialect. */
export interface Feature {
  /** Its name, as it stands behind the `+`. */
  readonly name: string;
  /** What it does to the kernel, as the end of a sentence. */
  readonly title: string;
  /**
   * What it does to the rules.
   *
   * @internal
   */
  readonly apply: (rules: Rules) => Rules;
}

/** Every feature, by name. */
export const FEATURES: ReadonlyMap<string, Feature> = new Map(
  [
    { name: "no-dmabuf", title: "without CONFIG_VFIO_PCI_DMABUF", apply: withoutDmabuf },
    { name: "no-iommufd", title: "without CONFIG_IOMMUFD", apply: withoutIommufd },
    { name: "no-sync-file", title: "without CONFIG_SYNC_FILE", apply: withoutSyncFile },
  ].map((feature) => [feature.name, feature]),
);

/** The dialect with features switched, in the order in which they are declared, whatever the order here. */
export function withFeatures(dialect: Dialect, wanted: ReadonlySet<Feature>): Dialect {
  const features = [...FEATURES.values()].filter((feature) => wanted.has(feature));
  if (features.length === 0) return dialect;
  return {
    ...dialect,
    id: [dialect.id, ...features.map(({ name }) => name)].join("+"),
    title: [dialect.title, ...features.map(({ title }) => title)].join(", "),
    base: dialect.id,
    rules: features.reduce((rules, { apply }) => apply(rules), dialect.rules),
  };
}

/** No device exports: the export is refused, and so is whichever request there is to revoke. */
function withoutDmabuf(rules: Rules): Rules {
  const { vfio } = rules;
  return {
    ...rules,
    vfio: {
      ...vfio,
      featureHeader: alwaysWithout(vfio.featureHeader),
      revokeArgument: alwaysWithout(vfio.revokeArgument),
      revokeFeatureHeader: alwaysWithout(vfio.revokeFeatureHeader),
    },
  };
}

/** The checks with the one for such a kernel refusing everything. */
function alwaysWithout<R>(checks: Checks<R>): Checks<R> {
  return checks.map((check): Check<R> =>
    check.refuses === WITHOUT_DMABUF ? { ...check, when: () => true } : check
  );
}

function withoutIommufd(rules: Rules): Rules {
  return { ...rules, iommufd: { ...rules.iommufd, device: "absent" } };
}

function withoutSyncFile(rules: Rules): Rules {
  return { ...rules, core: { ...rules.core, syncFile: "absent" } };
}
