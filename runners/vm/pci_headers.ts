/**
 * What a kept machine would lose: QEMU keeps no state of some of its devices, `edu` and `pci-testdev` among them. They
 * come up as after a reset, without their addresses and without leave to do DMA, while the kernel takes them for what
 * they were. So the headers of their configuration spaces are kept, and written back before the guest goes on.
 *
 * @module
 */
import { z } from "zod";
import { VmError } from "./failure.ts";
import type { Machine } from "./machine.ts";

/** The header of a device's configuration space. */
export interface PciHeader {
  /** Where it is: bits 8 to 23 of an address of the configuration space. */
  readonly place: number;
  /** Its sixteen words. */
  readonly words: readonly number[];
}

/** Schema of what is kept of a machine. */
export const headersSchema: z.ZodType<readonly PciHeader[]> = z.array(
  z.strictObject({ place: z.int(), words: z.array(z.int()).length(16) }),
);

/** A machine, as far as it is asked here. */
export type Asked = Pick<Machine, "ask">;

interface PciDevice {
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
  readonly regions: readonly unknown[];
  readonly pci_bridge?: { readonly devices?: readonly PciDevice[] | undefined } | undefined;
}

const deviceSchema: z.ZodType<PciDevice> = z.looseObject({
  bus: z.int(),
  slot: z.int(),
  function: z.int(),
  regions: z.array(z.unknown()),
  get pci_bridge() {
    return z.looseObject({ devices: z.array(deviceSchema).optional() }).optional();
  },
});

const busesSchema: z.ZodType<readonly { readonly devices: readonly PciDevice[] }[]> = z.array(
  z.looseObject({ devices: z.array(deviceSchema) }),
);

/** The ports through which a configuration space is read and written. */
const PORT = { address: 0xcf8, data: 0xcfc } as const;

const ENABLE = 0x8000_0000;

/** Words of the header: the command, and the addresses of the device. */
const COMMAND = 1;
const ADDRESSES = [4, 5, 6, 7, 8, 9] as const;

/** The lower half of the word is the command; the upper half are states, which are cleared by what is written to them. */
const COMMAND_BITS = 0xffff;

/** Interrupt line, the only other part that a kernel writes. */
const INTERRUPT = 15;

/** Reads the headers of all devices that have addresses and are no bridges; the machine has to stand still. */
export async function pciHeaders(machine: Asked): Promise<readonly PciHeader[]> {
  const buses = busesSchema.safeParse(await machine.ask("query-pci"));
  if (!buses.success) throw new VmError("QEMU does not say which devices it has", "Look at its version");
  const devices = buses.data.flatMap(({ devices }) => devices.flatMap(withThoseBehind))
    .filter(({ regions, pci_bridge }) => regions.length > 0 && !pci_bridge);
  return await withAddressKept(machine, async () => {
    const headers: PciHeader[] = [];
    for (const device of devices) {
      const place = (device.bus << 16) | (device.slot << 11) | (device.function << 8);
      const words: number[] = [];
      for (let index = 0; index < 16; index++) words.push(await readWord(machine, place, index));
      headers.push({ place, words });
    }
    return headers;
  });
}

/** Writes back the headers of the devices that have lost theirs; the machine has to stand still. */
export async function restorePciHeaders(machine: Asked, kept: readonly PciHeader[]): Promise<void> {
  await withAddressKept(machine, async () => {
    for (const { place, words } of kept) {
      if (!await isLost(machine, place, words)) continue;
      for (const index of [...ADDRESSES, INTERRUPT]) {
        await writeWord(machine, place, index, words[index] ?? 0);
      }
      await writeWord(machine, place, COMMAND, (words[COMMAND] ?? 0) & COMMAND_BITS);
    }
  });
}

async function isLost(machine: Asked, place: number, words: readonly number[]): Promise<boolean> {
  for (const index of [COMMAND, ...ADDRESSES]) {
    const mask = index === COMMAND ? COMMAND_BITS : 0xffff_ffff;
    const [now, then] = [await readWord(machine, place, index), words[index] ?? 0];
    if (((now ^ then) & mask) !== 0) return true;
  }
  return false;
}

function withThoseBehind(device: PciDevice): PciDevice[] {
  return [device, ...(device.pci_bridge?.devices ?? []).flatMap(withThoseBehind)];
}

/** The guest may have written an address just now, and not yet used it. */
async function withAddressKept<T>(machine: Asked, use: () => Promise<T>): Promise<T> {
  const before = await readPort(machine, PORT.address);
  const result = await use();
  await writePort(machine, PORT.address, before);
  return result;
}

async function readWord(machine: Asked, place: number, index: number): Promise<number> {
  await writePort(machine, PORT.address, ENABLE + place + index * 4);
  return await readPort(machine, PORT.data);
}

async function writeWord(machine: Asked, place: number, index: number, value: number): Promise<void> {
  await writePort(machine, PORT.address, ENABLE + place + index * 4);
  await writePort(machine, PORT.data, value);
}

async function readPort(machine: Asked, port: number): Promise<number> {
  const answer = await human(machine, `i /w ${hexadecimal(port)}`);
  const value = /= 0x([0-9a-f]+)/.exec(answer)?.[1];
  if (value === undefined) throw new VmError(`QEMU does not read a port: ${answer}`, "Look at its version");
  return Number.parseInt(value, 16);
}

async function writePort(machine: Asked, port: number, value: number): Promise<void> {
  const answer = await human(machine, `o /w ${hexadecimal(port)} ${hexadecimal(value)}`);
  if (answer !== "") throw new VmError(`QEMU does not write a port: ${answer}`, "Look at its version");
}

async function human(machine: Asked, command: string): Promise<string> {
  return z.string().parse(await machine.ask("human-monitor-command", { "command-line": command })).trim();
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}
