/**
 * iommufd and the VFIO modules of a stock kernel, built with device files.
 *
 * Debian builds its kernels without iommufd and without the device files of VFIO. Both are modules, so they are built
 * with those options on, and take the place of the stock ones.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import type { Recipe } from "./rebuild.ts";

const IOMMUFD = "drivers/iommu/iommufd";

/** How iommufd and VFIO are built. */
export const IOMMUFD_AND_VFIO: Recipe = {
  what: "iommufd",
  sources: ["drivers/iommu", "drivers/vfio", "lib/interval_tree.c"],
  subject: { folder: IOMMUFD, since: "6.2" },
  makefiles: [IOMMUFD, "drivers/vfio", "drivers/vfio/pci"],
  entries: [IOMMUFD, "drivers/vfio"],
  on: {
    CONFIG_IOMMUFD: "m",
    CONFIG_IOMMUFD_DRIVER_CORE: "m",
    CONFIG_VFIO: "m",
    CONFIG_VFIO_IOMMU_TYPE1: "m",
    CONFIG_VFIO_PCI_CORE: "m",
    CONFIG_VFIO_PCI: "m",
    CONFIG_VFIO_DEVICE_CDEV: "y",
  },
  defines: [
    "CONFIG_INTERVAL_TREE_SPAN_ITER",
    "CONFIG_IOMMUFD_MODULE",
    "CONFIG_IOMMUFD_DRIVER_CORE_MODULE",
    "CONFIG_VFIO_DEVICE_CDEV",
  ],
  built: ["iommufd", "iommufd_driver", "vfio", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci"],
  arrange: addSpanIterator,
};

/** A kernel without iommufd has no span iterator either, so iommufd gets one of its own. */
async function addSpanIterator(work: string): Promise<void> {
  await writeFile(
    `${work}/${IOMMUFD}/span_iter.c`,
    spanIterator(await readFile(`${work}/lib/interval_tree.c`, "utf8")),
  );
  const makefile = `${work}/${IOMMUFD}/Makefile`;
  await writeFile(makefile, `${await readFile(makefile, "utf8")}\niommufd-y += span_iter.o\n`);
}

/** The part of the interval tree that a kernel without iommufd leaves out. */
export function spanIterator(source: string): string {
  const [, body = ""] = /#ifdef CONFIG_INTERVAL_TREE_SPAN_ITER\n([^]*?)\n#endif/.exec(source) ?? [];
  const headers = ["interval_tree.h", "interval_tree_generic.h", "compiler.h", "export.h"];
  return [
    ...headers.map((name) => `#include <linux/${name}>`),
    ...body.split("\n").filter((line) => !line.startsWith("EXPORT_SYMBOL")),
    "",
  ].join("\n");
}
