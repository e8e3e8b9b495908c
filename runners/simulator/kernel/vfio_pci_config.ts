/**
 * Writes to the configuration space that change memory enable, power, or reset the function
 * (drivers/vfio/pci/vfio_pci_config.c).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";
import { perform } from "./sequence.ts";
import { type CommandRegister, DeviceEvent, type VfioPciDevice } from "./vfio_pci_core.ts";

/** A write to the command register: new values of the bits that it changes, and where it starts. */
export interface CommandWrite {
  readonly bits: Readonly<Partial<CommandRegister>>;
  /** 4 for the lower byte or more, 5 for the upper byte only. */
  readonly offset: 4 | 5;
  /** Bytes. */
  readonly width: 1 | 2 | 4;
}

/** Writes the command register; vfio_basic_config_write(). */
export function* writeCommand(
  kernel: Kernel,
  device: VfioPciDevice,
  write: CommandWrite,
): Steps<ErrnoName | undefined> {
  const { events } = kernel.rules.vfio;
  const bits = reached(write);
  const event = new DeviceEvent(device, () => {
    device.command = { ...device.command, ...bits };
  });
  const memory = bits.memory ?? device.command.memory;
  if (write.offset === 5) return yield* perform(kernel, events.commandUpperByte, event);
  return yield* perform(kernel, memory ? events.commandMemoryOn : events.commandMemoryOff, event);
}

/** The bits that a write reaches: INTx disable lies in the upper byte, the others in the lower one. */
function reached({ bits, offset, width }: CommandWrite): Partial<CommandRegister> {
  const { intx_disable, ...lower } = bits;
  const upper = intx_disable === undefined ? {} : { intx_disable };
  if (offset === 5) return upper;
  return width === 1 ? lower : { ...lower, ...upper };
}

/** Writes the power state; vfio_pm_config_write(). */
export function* writePowerState(
  kernel: Kernel,
  device: VfioPciDevice,
  state: "D0" | "D3hot",
): Steps<ErrnoName | undefined> {
  const { events } = kernel.rules.vfio;
  const event = new DeviceEvent(device, () => {
    device.power = state;
  });
  return yield* perform(kernel, state === "D0" ? events.powerUp : events.powerDown, event);
}

/** Starts a function level reset; vfio_exp_config_write(), vfio_af_config_write(). Ignored without the capability. */
export function* writeFlr(kernel: Kernel, device: VfioPciDevice): Steps<ErrnoName | undefined> {
  if (!kernel.rules.vfio.startsFlr(device)) return undefined;
  return yield* perform(kernel, kernel.rules.vfio.events.flr, new DeviceEvent(device));
}
