import { assertEquals, assertRejects } from "@std/assert";
import { VmError } from "./failure.ts";
import { type Asked, pciHeaders, restorePciHeaders } from "./pci_headers.ts";

const IVSHMEM = (1 << 16) | (0 << 11);
const EDU = (2 << 16) | (0 << 11);

/** Words of a header: what it is, states and command, the first address, the interrupt. */
function header(id: number, command: number, address: number): number[] {
  const words = Array<number>(16).fill(0);
  words[0] = id;
  words[1] = 0x0010_0000 | command;
  words[4] = address;
  words[15] = 0x010b;
  return words;
}

/** QEMU as far as its PCI devices go. */
class Devices implements Asked {
  readonly spaces: Map<number, number[]>;
  address = 0x8000_f8a0;
  readonly #answer: (command: string) => string;

  constructor(spaces: ReadonlyMap<number, readonly number[]>) {
    this.spaces = new Map([...spaces].map(([place, words]) => [place, [...words]]));
    this.#answer = (command) => this.#port(command);
  }

  ask(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (command === "query-pci") return Promise.resolve([{ bus: 0, devices: DEVICES }]);
    return Promise.resolve(this.#answer(String(args?.["command-line"])));
  }

  #port(command: string): string {
    const [verb, , port, value] = command.split(" ");
    if (port === "0xcf8") {
      if (verb === "o") this.address = Number(value);
      return verb === "o" ? "" : `portl[0x0cf8] = 0x${this.address.toString(16)}\r\n`;
    }
    const [place, index] = [this.address & 0xff_ff00, (this.address & 0xff) / 4];
    const words = this.spaces.get(place) ?? [];
    if (verb === "o") words[index] = Number(value);
    return verb === "o" ? "" : `portl[0x0cfc] = 0x${(words[index] ?? 0xffff_ffff).toString(16)}\r\n`;
  }
}

const REGION = { bar: 0, size: 4096, address: -1, type: "memory" };
const DEVICES = [
  { bus: 0, slot: 0, function: 0, regions: [] },
  ...[1, 2].map((bus) => ({
    bus: 0,
    slot: 3 + bus,
    function: 0,
    regions: [REGION],
    pci_bridge: { bus: {}, devices: [{ bus, slot: 0, function: 0, regions: [REGION] }] },
  })),
];

const KEPT = new Map([
  [IVSHMEM, header(0x1110_1af4, 0x0002, 0xfeb0_0000)],
  [EDU, header(0x11e8_1234, 0x0406, 0xfea0_0000)],
]);

Deno.test("pciHeaders() reads the headers of devices with addresses, and leaves the port as it was", async () => {
  const machine = new Devices(KEPT);
  assertEquals(new Map((await pciHeaders(machine)).map(({ place, words }) => [place, words])), KEPT);
  assertEquals(machine.address, 0x8000_f8a0);
});

Deno.test("restorePciHeaders() writes back what a device has lost, and leaves the others", async () => {
  const headers = await pciHeaders(new Devices(KEPT));
  const machine = new Devices(
    new Map([
      [IVSHMEM, [...(KEPT.get(IVSHMEM) ?? [])]],
      [EDU, header(0x11e8_1234, 0, 0)],
    ]),
  );
  await restorePciHeaders(machine, headers);
  const edu = machine.spaces.get(EDU) ?? [];
  assertEquals([(edu[1] ?? 0) & 0xffff, edu[4], edu[15]], [0x0406, 0xfea0_0000, 0x010b]);
  assertEquals(machine.spaces.get(IVSHMEM), KEPT.get(IVSHMEM));
  assertEquals(machine.address, 0x8000_f8a0);
});

Deno.test("pciHeaders() says so where QEMU does not read ports", async () => {
  const machine: Asked = {
    ask: (command) =>
      Promise.resolve(command === "query-pci" ? [{ devices: DEVICES }] : "unknown command: 'i'"),
  };
  await assertRejects(() => pciHeaders(machine), VmError, "unknown command");
});
