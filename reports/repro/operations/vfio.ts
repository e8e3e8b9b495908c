/**
 * VFIO devices in C: real ones, or those of the module's reference exporter.
 *
 * @module
 */
import { REVOKE_ARGSZ } from "../../../spec/operations/vfio.ts";
import type { Args } from "../../../spec/operations/mod.ts";
import { CONFORM_VALUES } from "../../../runners/native/abi/conform.ts";
import { dialectFields, type Reference } from "../../../runners/native/reference.ts";
import { ABI, revokeFeaturePart } from "../abi.ts";
import { cString, flags, openFlags, sizeText } from "../c.ts";
import { type Emission, fdText, NoForm, on, type Scope } from "../emit.ts";
import { type Helper, helper } from "../helper.ts";
import { moduleObject } from "../helpers/importer.ts";
import { mapFile } from "../helpers/memory.ts";
import { request, resultOf } from "../helpers/results.ts";
import * as helpers from "../helpers/vfio.ts";
import { literal } from "./module.ts";

type Wanted = Args<"vfio.open">;
type Bar = Wanted["bars"][number];

const KINDS = ["io", "unmappable", "unclaimable", "absent"];

function isKind(bar: Bar): boolean {
  return KINDS.includes(bar);
}

/** Names of the flags that are set, of constants that begin alike. */
function namesOf(value: number, names: readonly (keyof typeof CONFORM_VALUES)[]): string {
  return flags(...names.filter((name) => value & CONFORM_VALUES[name]).map((name) => `CONFORM_${name}`));
}

/** The name of the value of a field. */
function nameOf(value: number, names: readonly (keyof typeof CONFORM_VALUES)[]): string {
  const found = names.find((name) => CONFORM_VALUES[name] === value);
  return found === undefined ? `${value}` : `CONFORM_${found}`;
}

const dialects = new Map<Reference, Helper>();

/** What the reference exporter follows, in C. */
function dialectHelper(reference: Reference): Helper {
  const known = dialects.get(reference);
  if (known) return known;
  const fields = dialectFields(reference);
  const made = helper(
    [
      `/* The reference exporter follows ${reference.name}. */`,
      "static const struct conform_dialect dialect = {",
      `\t.flags = ${
        namesOf(fields["dialect.flags"], [
          "STATE_FIRST",
          "WAIT_UNMAP",
          "UPGRADE_NOTIFIES",
          "UNREVOKE_NOTIFIES",
          "CLOSE_RENOTIFIES",
          "HAS_MMAP",
          "HAS_VMAP",
          "STARTS_AS_LAST_EVENT",
        ]).replaceAll(" | ", " |\n\t\t ")
      },`,
      `\t.fence_usage = ${
        nameOf(fields["dialect.fence_usage"], [
          "USAGE_KERNEL",
          "USAGE_WRITE",
          "USAGE_READ",
          "USAGE_BOOKKEEP",
          "USAGE_NONE",
        ])
      },`,
      `\t.rearm = ${nameOf(fields["dialect.rearm"], ["REARM_NEVER", "REARM_REVOKE", "REARM_UNREVOKE"])},`,
      `\t.request = ${
        nameOf(fields["dialect.request"], ["REQUEST_NONE", "REQUEST_IOCTL", "REQUEST_FEATURE"])
      },`,
      ...(reference.row.pin === "no op" ? [] : [`\t.pin_error = ${reference.row.pin},`]),
      ...(fields["dialect.feature"] === 0 ? [] : ["\t.feature = VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE,"]),
      "};",
    ].join("\n"),
    {
      abi: [
        ABI.module,
        ...(fields["dialect.feature"] === 0 ? [] : [revokeFeaturePart(fields["dialect.feature"])]),
      ],
      headers: ["errno.h"],
    },
  );
  dialects.set(reference, made);
  return made;
}

/** A step of a reference device by its number. */
function asReference(scope: Scope, what: string): void {
  if (!scope.setting.reference) {
    throw new NoForm(
      `${what}, which only the reference exporter can do: name it, as in --target native:reference=matt-v1-vfio`,
    );
  }
}

function asDevice(scope: Scope, what: string): void {
  if (scope.setting.reference) throw new NoForm(`${what} of a reference device`);
}

function openReference(
  { bars, function: kind, reset, driver, access, context, reset_with }: Wanted,
  scope: Scope,
  reference: Reference,
): Emission {
  const id = `${scope.name}_id`;
  const create = literal("conform_device_create", [
    deviceFlags({ kind, reset, driver, access }),
    ...bars.flatMap((bar, index) =>
      bar === "absent" ? [] : [
        `.bar${index}_kind = CONFORM_BAR_${isKind(bar) ? bar.toUpperCase() : "MEMORY"}`,
        `.bar${index}_size = ${barSize(bar)}`,
      ]
    ),
    context === "own" ? ".context = __LINE__" : undefined,
    reset_with === undefined ? undefined : `.set = ${scope.object(reset_with).device ?? "0"}`,
  ]);
  return {
    call: `reference_open(&${id}, ${create})`,
    uses: [dialectHelper(reference), helpers.referenceOpen],
    declares: [`static __u32 ${id};`],
    about: { device: id },
  };
}

function barSize(bar: Bar): string {
  switch (bar) {
    case "io":
    case "unmappable":
    case "unclaimable":
      return "PAGE";
    case "absent":
      return "0";
    default:
      return sizeText(bar);
  }
}

interface DeviceWishes {
  readonly kind: Wanted["function"];
  readonly reset: Wanted["reset"];
  readonly driver: Wanted["driver"];
  readonly access: Wanted["access"];
}

function deviceFlags({ kind, reset, driver, access }: DeviceWishes): string {
  return `.flags = ${
    flags(
      kind === "virtual" && "CONFORM_DEVICE_VIRTUAL",
      reset === "none" ? "CONFORM_DEVICE_NO_RESET" : "CONFORM_DEVICE_FLR",
      driver === "without-dmabuf" && "CONFORM_DEVICE_NO_EXPORT",
      driver === "config-off" && "CONFORM_DEVICE_CONFIG_OFF",
      access === "none" && "CONFORM_DEVICE_NO_ACCESS",
    )
  }`;
}

/** A BAR that a PCI device must have, as `fit_bars()` takes it. */
function wantedBar(bar: Bar): string {
  switch (bar) {
    case "io":
      return "BAR_IO";
    case "absent":
      return "BAR_ABSENT";
    case "unmappable":
    case "unclaimable":
      throw new NoForm(`a real device with a BAR that is ${bar}`);
    default:
      return sizeText(bar);
  }
}

function openPci(wanted: Wanted, scope: Scope): Emission {
  const { bars, driver, context, access, low_power } = wanted;
  if (driver !== "vfio-pci") throw new NoForm(`a real device whose driver is ${driver}`);
  if (low_power) throw new NoForm("a real device that needs runtime power management");
  const device = scope.name;
  const iommufd = context === "own" ? `${scope.name}_iommufd` : "shared_iommufd";
  const uses = [helpers.vfioOpenGranted, ...(scope.facts.hasUnbind ? [helpers.requestIrq] : [])];
  const wantedBars = `(const __u64[]){ ${bars.map(wantedBar).join(", ")} }`;
  const granted = `vfio_open(&${device}_pci, &${iommufd})`;
  return {
    call: access === "none" ? `open_cdev(${device}_pci.address)` : granted,
    uses,
    declares: [`static struct pci_device ${device}_pci;`, `static int ${iommufd} = -1;`],
    setup: [
      `fit_bars(&${device}_pci, next_address(), ${bars.length > 0 ? wantedBars : "NULL"}, ${bars.length});`,
    ],
    about: { device: `${device}_pci`, context: iommufd },
  };
}

/** The device's own number of a region of the case. */
function regionText(scope: Scope, device: string, region: number): string {
  const { device: known } = scope.object(device);
  if (scope.setting.reference || known === undefined || region > 5) return `${region}`;
  return `${known}.bar[${region}]`;
}

type Unreadable = "nothing" | "header" | "payload" | "ranges";

function readableText(unreadable: Unreadable): string {
  return {
    nothing: "SIZE_MAX",
    header: "0",
    payload: "sizeof(struct vfio_device_feature)",
    ranges: "sizeof(struct vfio_device_feature) + sizeof(struct vfio_device_feature_dma_buf)",
  }[unreadable];
}

function featureFlags(
  feature: string,
  request: readonly ("get" | "set" | "probe")[],
  unknownFlag: boolean,
): string {
  const names = (["get", "set", "probe"] as const).filter((each) => request.includes(each));
  return flags(
    feature,
    ...names.map((each) => `VFIO_DEVICE_FEATURE_${each.toUpperCase()}`),
    unknownFlag && "1 << 24",
  );
}

function isPlain(
  { ranges, claimed_ranges, flags: bits, open_flags, argsz, unreadable }: Args<"vfio.export">,
): boolean {
  return ranges.length === 1 && claimed_ranges === undefined && bits === 0 && argsz === undefined &&
    unreadable === "nothing" && open_flags.join() === "rdwr,cloexec";
}

/** Bytes of a request to export: its header, what follows it, and its ranges. */
function exportSize(ranges: number): string {
  const rest = ranges === 0 ? "" : ` + ${ranges} * sizeof(struct vfio_region_dma_range)`;
  return `sizeof(struct vfio_device_feature) + sizeof(struct vfio_device_feature_dma_buf)${rest}`;
}

function exportRanges(args: Args<"vfio.export">, scope: Scope): Emission {
  const { device, region, ranges, claimed_ranges, flags: bits, open_flags, argsz, unreadable } = args;
  const buffer = literal("vfio_device_feature_dma_buf", [
    `.region_index = ${regionText(scope, device, region)}`,
    `.open_flags = ${openFlags(open_flags)}`,
    bits === 0 ? undefined : `.flags = ${bits}`,
    `.nr_ranges = ${claimed_ranges ?? ranges.length}`,
  ]);
  const list = ranges.map(({ offset, length }) => `{ ${sizeText(offset)}, ${sizeText(length)} }`).join(", ");
  const array = ranges.length === 0 ? "NULL" : `(const struct vfio_region_dma_range[]){ ${list} }`;
  const size = argsz === undefined ? exportSize(ranges.length) : `${argsz}`;
  const rest = `${array}, ${ranges.length}, ${size}, ${readableText(unreadable)}`;
  return {
    call: `vfio_export_ranges(${scope.object(device).c}, ${buffer}, ${rest})`,
    uses: [helpers.vfioExportRanges],
  };
}

/** The revoke feature. */
function revokeFeature({ setting: { revokeFeature } }: Scope): Helper {
  if (revokeFeature === undefined) {
    throw new NoForm(
      "the feature that revokes, whose number differs: name it, as in --target native:feature=13",
    );
  }
  return helper("", { abi: [ABI.vfio, revokeFeaturePart(revokeFeature)] });
}

function revokePayload(buffer: string): string {
  return `&(__s32){ ${buffer} }, sizeof(__s32)`;
}

function withBit(settings: Readonly<Record<string, "on" | "off" | "keep">>, wanted: "on" | "off"): string {
  const names = { memory: "MEMORY", bus_master: "MASTER", io: "IO", intx_disable: "INTX" } as const;
  return flags(
    ...Object.entries(names).map(([key, name]) => settings[key] === wanted && `PCI_COMMAND_${name}`),
  );
}

const withFeatures = helper("", {
  abi: [ABI.vfio, ABI.lowPowerEntry, ABI.lowPowerExit],
  needs: [helpers.vfioFeature],
});
const withReset = helper("", { abi: [ABI.vfio], needs: [request] });

/** How `vfio.*` is written. */
export const vfioOperations = [
  on("vfio.open", (args, scope) => {
    const { reference } = scope.setting;
    return reference ? openReference(args, scope, reference) : openPci(args, scope);
  }),
  on("vfio.reopen", ({ device }, scope) => {
    const { device: known = "", context = "", c } = scope.object(device);
    const about = { device: known, context };
    if (scope.setting.reference) {
      return { call: `reference_reopen(${known})`, uses: [helpers.referenceReopen], about };
    }
    if (known === "") throw new NoForm(`another opening of ${c}`);
    return { call: `vfio_open(&${known}, &${context})`, uses: [helpers.vfioOpenGranted], about };
  }),
  on("vfio.feature", ({ device, request: asked, argsz, unknown_flag, unreadable }, scope) => {
    const buffer = literal("vfio_device_feature_dma_buf", [
      `.region_index = ${regionText(scope, device, 0)}`,
      ".open_flags = O_RDWR | O_CLOEXEC",
      ".nr_ranges = 1",
    ]);
    const bits = featureFlags("VFIO_DEVICE_FEATURE_DMA_BUF", asked, unknown_flag);
    return {
      call: `vfio_dma_buf_feature(${scope.object(device).c}, ${argsz}, ${bits}, ${buffer}, ${
        readableText(unreadable)
      })`,
      uses: [dmaBufFeature],
      shows: "number",
    };
  }),
  on("vfio.export", (args, scope) => {
    const [range] = args.ranges;
    if (!isPlain(args) || !range) return exportRanges(args, scope);
    const region = regionText(scope, args.device, args.region);
    return {
      call: `vfio_export(${scope.object(args.device).c}, ${region}, ${sizeText(range.offset)}, ${
        sizeText(range.length)
      })`,
      uses: [helpers.vfioExport],
    };
  }),
  on("vfio.revoke", ({ device, buffer, argsz, unreadable }, scope) => {
    const [fd, which] = [scope.object(device).c, fdText(scope, buffer)];
    const asksForIoctl = argsz !== undefined || unreadable !== undefined;
    const isFeature = scope.setting.revokeFeature !== undefined;
    if (isFeature && !asksForIoctl) {
      const bits = "VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE";
      const size = "sizeof(struct vfio_device_feature) + sizeof(__s32)";
      return {
        call: `vfio_feature(${fd}, ${size}, ${bits}, ${revokePayload(which)}, SIZE_MAX)`,
        uses: [revokeFeature(scope), helpers.vfioFeature],
        shows: "number",
      };
    }
    if (!asksForIoctl) {
      return { call: `vfio_revoke(${fd}, ${which})`, uses: [helpers.vfioRevoke], shows: "number" };
    }
    const readable =
      { nothing: REVOKE_ARGSZ, all: 0, "second-half": REVOKE_ARGSZ / 2 }[unreadable ?? "nothing"];
    return {
      call: `vfio_revoke_raw(${fd}, ${which}, ${argsz ?? REVOKE_ARGSZ}, ${readable})`,
      uses: [helpers.vfioRevokeRaw],
      shows: "number",
    };
  }),
  on("vfio.revoke_feature", ({ device, buffer, request: asked, argsz, unknown_flag, unreadable }, scope) => {
    const bits = featureFlags("VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE", asked, unknown_flag);
    const payload = revokePayload(fdText(scope, buffer));
    return {
      call: `vfio_feature(${scope.object(device).c}, ${argsz}, ${bits}, ${payload}, ${
        readableText(unreadable)
      })`,
      uses: [revokeFeature(scope), helpers.vfioFeature],
      shows: "number",
    };
  }),
  on("vfio.command", ({ device, width, offset, ...settings }, scope) => ({
    call: `vfio_command(${scope.object(device).c}, ${withBit(settings, "on")}, ${withBit(settings, "off")}, ${
      offset === 4 ? "PCI_COMMAND" : "PCI_COMMAND + 1"
    }, ${width})`,
    uses: [helpers.command],
  })),
  on("vfio.read_command", ({ device }, scope) => ({
    call: `vfio_read_command(${scope.object(device).c})`,
    uses: [helpers.readCommand],
  })),
  on("vfio.power", ({ device, state }, scope) => ({
    call: `capability_bits(${scope.object(device).c}, 0x01 /* power management */, 4, 2, ${
      state === "D0" ? 0 : 3
    }, 3)`,
    uses: [helpers.capabilityBits],
  })),
  on("vfio.reset", ({ device }, scope) => ({
    call: `request(${scope.object(device).c}, VFIO_DEVICE_RESET, NULL)`,
    uses: [withReset],
  })),
  on("vfio.flr", ({ device, through }, scope) => ({
    call: through === "af"
      ? `capability_bits(${scope.object(device).c}, 0x13 /* advanced features */, 4, 1, 1, 0)`
      : `capability_bits(${scope.object(device).c}, 0x10 /* express */, 8, 2, 1 << 15, 0)`,
    uses: [helpers.capabilityBits],
  })),
  on("vfio.hot_reset", ({ device }, scope) => ({
    call: `vfio_hot_reset(${scope.object(device).c}, ${
      scope.setting.reference ? "NULL, 0" : "groups, group_count"
    })`,
    uses: scope.setting.reference ? [helpers.hotReset] : [helpers.vfioOpenGroup, helpers.hotReset],
  })),
  on("vfio.low_power_entry", ({ device, wakeup }, scope) => {
    const { c } = scope.object(device);
    if (wakeup) {
      return { call: `low_power_with_wakeup(${c}, ${cString(device)})`, uses: [helpers.lowPowerWakeup] };
    }
    return lowPower(c, "ENTRY");
  }),
  on("vfio.low_power_exit", ({ device }, scope) => lowPower(scope.object(device).c, "EXIT")),
  on("vfio.wake", ({ device }, scope) => {
    asReference(scope, "waking a device from outside");
    return { call: `ask(CONFORM_DEVICE_WAKE, ${scope.object(device).device ?? "0"})`, uses: [moduleObject] };
  }),
  on("vfio.write_bar", ({ device, region, page, value }, scope) => ({
    call: `write_bar(${scope.object(device).c}, ${regionText(scope, device, region)}, ${page}, ${value})`,
    uses: [helpers.barWrite],
  })),
  on("vfio.read_bar", ({ device, region, page }, scope) => ({
    call: `read_bar(${scope.object(device).c}, ${regionText(scope, device, region)}, ${page})`,
    uses: [helpers.barAccess],
    shows: "number",
  })),
  on("vfio.mmap", ({ device, region, length }, scope) => {
    const { c } = scope.object(device);
    const offset = `region_offset(${c}, ${regionText(scope, device, region)})`;
    return {
      call: `map_file(&${scope.own}, ${c}, ${offset}, ${
        sizeText(length)
      }, PROT_READ | PROT_WRITE, MAP_SHARED)`,
      uses: [helpers.region, mapFile],
      writes: true,
    };
  }),
  on("vfio.unbind", ({ device }, scope) => {
    asDevice(scope, "an unbinding");
    return { call: `vfio_unbind(&${scope.object(device).device ?? ""})`, uses: [helpers.unbind, resultOf] };
  }),
  on("vfio.fail_next", ({ device, request: what, errno }, scope) => {
    asReference(scope, "a request that the hardware refuses");
    const which = what === "reset" ? "CONFORM_FAIL_RESET" : "CONFORM_FAIL_CONFIG_WRITE";
    return {
      call: `reference_fail(${scope.object(device).device ?? "0"}, ${which}, ${errno})`,
      uses: [helpers.referenceFail],
    };
  }),
] as const;

function lowPower(device: string, which: "ENTRY" | "EXIT"): Emission {
  const bits = `VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_LOW_POWER_${which}`;
  return {
    call: `vfio_feature(${device}, sizeof(struct vfio_device_feature), ${bits}, "", 0, SIZE_MAX)`,
    uses: [withFeatures],
  };
}

const dmaBufFeature = helper(
  String.raw`
/* Sends a request for the dma-buf feature with one range of a page. */
static long vfio_dma_buf_feature(int device, __u32 argsz, __u32 flags,
				 struct vfio_device_feature_dma_buf buffer, size_t readable)
{
	struct {
		struct vfio_device_feature_dma_buf buffer;
		struct vfio_region_dma_range range;
	} payload = { buffer, { 0, PAGE } };

	return vfio_feature(device, argsz, flags, &payload, sizeof(payload), readable);
}
`,
  { headers: ["fcntl.h"], abi: [ABI.dmaBufFeature], needs: [helpers.vfioFeature] },
);
