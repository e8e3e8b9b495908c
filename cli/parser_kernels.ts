/**
 * The grammar of `conform kernels`.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { boot, build, fetch, iommufd, list } from "./commands/kernels.ts";
import { type KernelChoice, parseVm, vmName } from "../runners/vm/mod.ts";
import { Failure, type Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const version = string({ metavar: "VERSION" });

const listOptions = object({
  refresh: option("--refresh", { description: message`Asks the archive again, however new its lists are.` }),
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

const fetchOptions = object({
  versions: multiple(
    argument(version, { description: message`As in 7.3, 6.12.107, 7.3-cloud or a whole release.` }),
    { min: 1 },
  ),
});

const ownKernelOptions = {
  kernel: optional(option("--kernel", string({ metavar: "FILE" }), {
    description: message`Boots this image in a virtual machine, as in arch/x86/boot/bzImage.`,
  })),
  modules: optional(option("--modules", string({ metavar: "DIR" }), {
    description: message`The folder with the modules of that kernel.`,
  })),
  append: optional(option("--append", string({ metavar: "WORDS" }), {
    description: message`More words for the command line of the kernel of a virtual machine.`,
  })),
};

/** Options of commands that run cases, for targets that are virtual machines. */
export const machineOptions = {
  ...ownKernelOptions,
  pristine: option("--pristine", { description: message`Boots a new virtual machine for each case.` }),
};

/** What {@link machineOptions} give. */
export interface MachineGiven {
  readonly target: string;
  readonly kernel?: string | undefined;
  readonly modules?: string | undefined;
  readonly append?: string | undefined;
  readonly pristine: boolean;
}

/** The whole name of the target, with what the options for virtual machines add to it. */
export function machineTarget({ target, kernel, modules, append, pristine }: MachineGiven): string {
  if (kernel === undefined && modules === undefined && append === undefined && !pristine) return target;
  const named = target.startsWith("vm:") ? parseVm(target) : undefined;
  const choice: KernelChoice | undefined = kernel === undefined
    ? typeof named === "object" && modules === undefined ? named.kernel : undefined
    : { kind: "file", image: kernel, modules };
  if (!choice) {
    throw new Failure(
      2,
      `The options for virtual machines do not fit the target "${target}"`,
      "Give --target vm:VERSION, or --kernel FILE",
    );
  }
  const before = typeof named === "object" ? named : undefined;
  const reuse = pristine ? "one case" : before?.reuse ?? "until dirty";
  const { reference, kmemleak, gpu, bootMs } = before ?? {};
  return vmName({
    kernel: choice,
    reference,
    kmemleak,
    gpu,
    append: append ?? before?.append,
    bootMs,
    reuse,
  });
}

const bootOptions = object({
  version: optional(argument(version, { description: message`As in 7.3; none with --kernel.` })),
  ...ownKernelOptions,
});

const buildOptions = object({
  version: argument(version, { description: message`Whose sources, as in 7.3.` }),
  debug: option("--debug", {
    description: message`With KASAN, lockdep, checks of DMA, leaks and fault injection.`,
  }),
  patches: multiple(option("--patch", string({ metavar: "FILE" }), {
    description: message`Applies this patch first; may be given more than once.`,
  })),
});

const kernelsCommands = or(
  command("list", map(listOptions, (given): Action => (io) => list(given, io)), {
    description: message`Lists the kernels of Debian's archive and those that are here.`,
  }),
  command("fetch", map(fetchOptions, (given): Action => (io) => fetch(given, io)), {
    description: message`Gets kernels from Debian's archive; nothing is installed.`,
  }),
  command("iommufd", map(fetchOptions, (given): Action => (io) => iommufd(given, io)), {
    description:
      message`Builds what Debian leaves out of kernels that were fetched: iommufd with VFIO, and vkms.`,
  }),
  command("build", map(buildOptions, (given): Action => (io) => build(given, io)), {
    description: message`Builds a small kernel from Debian's sources, perhaps with patches.`,
  }),
  command("boot", map(bootOptions, (given): Action => (io) => boot(given, io)), {
    description: message`Boots a kernel and gives a shell in it.`,
  }),
);

/** The command `kernels`. */
export const kernelsCommand = command("kernels", kernelsCommands, {
  description: message`Gets, builds and boots kernels for virtual machines.`,
});
