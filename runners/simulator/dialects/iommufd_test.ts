import { assert, assertEquals } from "@std/assert";
import { caseIdSchema } from "../../../spec/ids.ts";
import type { Outcome } from "../../../spec/observation.ts";
import { type OperationName, operationOf } from "../../../spec/operations/mod.ts";
import { simulator } from "../simulator.ts";
import { DIALECTS } from "./mod.ts";

type Line = readonly [OperationName, Record<string, unknown>, string?];

/** What the last of some operations answers on a dialect: an error, or "ok". */
function answer(dialect: string, ...lines: readonly Line[]): string {
  const found = DIALECTS.get(dialect);
  assert(found, dialect);
  const outcomes: Outcome[] = [];
  const steps = lines.map(([operation, args, bind], index) => ({
    action: "call" as const,
    id: `s${index}`,
    operation,
    args: operationOf(operation).args.parse(args),
    bind,
  }));
  const end = simulator(found).run(
    { case: caseIdSchema.parse("test"), steps },
    ({ outcome }) => outcomes.push(outcome),
  );
  assertEquals(end.post, { leaks: [], blocked: [], log: [], tainted: false }, dialect);
  const last = outcomes.at(-1);
  return last?.kind === "failed" ? last.errno : last?.kind === "returned" ? "ok" : `${last?.kind}`;
}

const SPACE: readonly Line[] = [
  ["iommufd.open", {}, "iommu"],
  ["iommufd.ioas", { iommufd: "iommu" }, "ioas"],
  ["iommufd.hwpt", { ioas: "ioas" }, "dom"],
];

Deno.test("iommufd maps files since 6.13, dma-bufs of VFIO in 7.0", () => {
  const map: readonly Line[] = [
    ...SPACE,
    ["vfio.open", {}, "dev"],
    ["vfio.export", { device: "dev" }, "buf"],
    ["iommufd.map_file", { ioas: "ioas", file: "buf" }],
  ];
  const file: readonly Line[] = [
    ...SPACE,
    ["memfd.create", {}, "mem"],
    ["iommufd.map_file", { ioas: "ioas", file: "mem" }],
  ];
  assertEquals(answer("mainline-6.12", ...file), "ENOTTY");
  assertEquals(answer("mainline-7.0", ...file), "ok");
  for (const dialect of ["mainline-7.0", "mainline-7.1", "mainline-7.3", "matt-v1-vfio", "leon-v1-core"]) {
    assertEquals(answer(dialect, ...map), "ok", dialect);
  }
});

Deno.test("iommufd pins a dma-buf from 7.1 on, before it asks for the range", () => {
  const lines: readonly Line[] = [
    ...SPACE,
    ["exporter.create", { pin: "EBUSY" }, "buf"],
    ["iommufd.map_file", { ioas: "ioas", file: "buf" }],
  ];
  assertEquals(answer("mainline-7.0", ...lines), "EOPNOTSUPP");
  assertEquals(answer("mainline-7.1", ...lines), "EBUSY");
});

Deno.test("iommufd of Leon Romanovsky's v1 takes no buffer of an exporter without revoke semantics", () => {
  const foreign: Line = ["heap.alloc", {}, "buf"];
  const map: Line = ["iommufd.map_file", { ioas: "ioas", file: "buf" }];
  assertEquals(answer("leon-v1-core", ...SPACE, foreign, map), "EINVAL");
  assertEquals(answer("mainline-7.3", ...SPACE, foreign, map), "EOPNOTSUPP");
});

Deno.test("iommufd keeps the CPU from pinning a dma-buf from 7.2 on", () => {
  const lines: readonly Line[] = [
    ...SPACE,
    ["iommufd.mock_get", { iommufd: "iommu" }, "buf"],
    ["iommufd.map_file", { ioas: "ioas", file: "buf" }],
    ["iommufd.access_pin", { ioas: "ioas" }],
  ];
  assertEquals(answer("mainline-7.1", ...lines), "ok");
  assertEquals(answer("mainline-7.2", ...lines), "EINVAL");
});

Deno.test("udmabuf refuses what is not a sealed file of enough pages", () => {
  const make = (memfd: Record<string, unknown>, udmabuf: Record<string, unknown>) =>
    answer("mainline-7.3", ["memfd.create", memfd, "mem"], ["udmabuf.create", { memfd: "mem", ...udmabuf }]);
  assertEquals(make({}, {}), "ok");
  assertEquals(make({ sealed: false }, {}), "EINVAL");
  assertEquals(make({}, { length: "5 pages" }), "EINVAL");
  assertEquals(make({}, { offset: 1 }), "EINVAL");
  assertEquals(make({ length: "1GiB" }, { length: "64MiB + 1 page" }), "EINVAL");
  assertEquals(
    answer("mainline-7.3", ["fd.open", { kind: "eventfd" }, "file"], ["udmabuf.create", { memfd: "file" }]),
    "EBADFD",
  );
  assertEquals(
    answer("mainline-7.3", ["memfd.create", {}, "mem"], ["fd.close", { fd: "mem" }], ["udmabuf.create", {
      memfd: "mem",
    }]),
    "EBADFD",
  );
  assertEquals(
    answer("mainline-7.3", ["fd.open", { kind: "eventfd" }, "file"], ["udmabuf.create", {
      memfd: "file",
      length: 0,
    }]),
    "EINVAL",
  );
});
