import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { type Case, SECTIONS, type Step } from "../../cases/case.ts";
import { parseCases } from "../../cases/parse.ts";
import { programOf } from "../../cases/program.ts";
import { HANDLERS } from "../../runners/native/handlers/mod.ts";
import { makeMemfd } from "../../runners/native/handlers/process.ts";
import { nearExecutor } from "../../runners/native/executor/near.ts";
import { LIMITS, on, Session } from "../../runners/native/session.ts";
import { addonForTests, bareSetting } from "../../runners/native/testing.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { reproducerOf, type ReproLanguage } from "./program.ts";
import {
  allCases,
  caseOf,
  compiled,
  hasCompiler,
  programFor,
  settingFor,
  STRICT,
  textFor,
} from "./testing.ts";
import { traceIn, traceOf } from "./trace.ts";

const noCompiler = !hasCompiler();
const addon = noCompiler ? undefined : await addonForTests();

const DEVICE = "native:feature=13";
const REFERENCE = "native:reference=matt-v1-vfio";
const REFERENCE_FEATURE = "native:reference=matt-v8";

/** A folder with kselftest_harness.h, as tools/testing/selftests of a kernel is one. */
const HARNESS = process.env["CONFORM_KSELFTEST"];

function stepsOf({ sections }: Case): readonly Step[] {
  const inner = (step: Step): readonly Step[] => [step, ...step.until.flatMap(inner)];
  return SECTIONS.flatMap((section) => sections[section]).flatMap(inner);
}

/** The cases all of whose operations the native target has. */
function nativeCases(): readonly Case[] {
  return allCases().filter((each) => stepsOf(each).every(({ operation }) => HANDLERS.has(operation)));
}

/** Writes the programs of cases and has the compiler look at all of them; what it says, and how many there were. */
async function complaintsOf(target: string, language: ReproLanguage, flags: readonly string[] = []) {
  const folder = await Deno.makeTempDir();
  try {
    const files: string[] = [];
    for (const [index, each] of nativeCases().entries()) {
      const made = programFor(each, target, language);
      if (made.kind === "refused") continue;
      const file = `${folder}/${index}.c`;
      await Deno.writeTextFile(file, made.text);
      files.push(file);
    }
    const args = [...STRICT, ...flags, "-fsyntax-only", ...files];
    const { stderr } = await new Deno.Command("cc", { args }).output();
    return { many: files.length, complaints: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const target of [DEVICE, REFERENCE_FEATURE]) {
  Deno.test({
    name: `every program for ${target} compiles without a warning`,
    ignore: noCompiler,
    async fn() {
      const { many, complaints } = await complaintsOf(target, "c");
      assertEquals(complaints, "");
      assert(many > 500, `${many} programs`);
    },
  });
}

Deno.test({
  name: "every test for the kernel's harness compiles without a warning",
  ignore: noCompiler || HARNESS === undefined,
  async fn() {
    const { many, complaints } = await complaintsOf(REFERENCE, "kselftest", [`-isystem${HARNESS}`]);
    assertEquals(complaints, "");
    assert(many > 500, `${many} programs`);
  },
});

function anyCase(prefix: string): Case {
  const found = allCases().find(({ id }) => id.startsWith(prefix));
  if (!found) throw new Error(`There is no case ${prefix}*`);
  return found;
}

/** Why the native target itself answers that it cannot do a step, whatever machine it has. */
const NATIVE_CANNOT = [
  /an exporter whose core has a revoke operation/,
  /an importer with two callbacks/,
  /a real device (whose driver is|with a BAR that is|that needs runtime power management)/,
  /which only the reference exporter can do/,
  /an unbinding of a reference device/,
  /the feature that revokes, whose number differs/,
];

Deno.test("every case that the native target can run has a program", () => {
  for (const target of [DEVICE, REFERENCE, REFERENCE_FEATURE]) {
    for (const each of nativeCases()) {
      const made = programFor(each, target);
      if (made.kind === "program") continue;
      assert(NATIVE_CANNOT.some((reason) => reason.test(made.reason)), `${each.id}: ${made.reason}`);
    }
  }
});

Deno.test("a case with an operation that has no form in C is refused with its name", () => {
  const made = programFor(anyCase("rdma/register/"), REFERENCE);
  assert(made.kind === "refused");
  assertMatch(made.reason, /rdma\.\w+/);
});

Deno.test("the module's header is asked for only where the module is", () => {
  const withDevice = programFor(caseOf("vfio/mmap/mmap-after-revoke"), DEVICE);
  const withModule = programFor(caseOf("vfio/mmap/mmap-after-revoke"), REFERENCE);
  assert(withDevice.kind === "program" && withModule.kind === "program");
  assertEquals([withDevice.needsModuleHeader, withModule.needsModuleHeader], [false, true]);
  assertEquals([withDevice.text, withModule.text].map((text) => text.includes("conform.h")), [false, true]);
  assertEquals([withDevice.devices, withModule.devices], [1, 0]);
});

Deno.test("a title cannot break out of the comment at the top", async () => {
  const evil = 'x */ #error "no" ??/\n" \\';
  const case_ = { ...caseOf("base/copies-name-one-object"), title: evil, why: evil };
  const clauses = [{ id: evil, requirement: evil, sources: [evil] }];
  const made = reproducerOf(case_, { language: "c", target: evil, setting: settingFor("native"), clauses });
  assert(made.kind === "program");
  assertStringIncludes(made.text, "x * / #error");
  if (!noCompiler) await compiled(made.text, ["-fsyntax-only", "-trigraphs"]);
});

function parsed(steps: string): Case {
  const head = "title: A case\nwhy: It matters.\nclauses: [VMM-01]\n";
  const { cases: [one], diagnostics } = parseCases(head + steps, {
    file: "x",
    path: "test/x",
    ledger: loadLedger(),
  });
  if (!one) throw new Error(JSON.stringify(diagnostics));
  return one;
}

const ON_DESCRIPTORS = `given:
  - file: { memfd.create: { length: 3 pages } }
  - pipe: { fd.open: { kind: pipe } }
  - socket: { fd.open: { kind: socket } }
  - child: { process.spawn: {} }
  - its: { fd.send: { fd: file, to: child } }
when:
  - fd.flags: { fd: file }
    returns: { access: rdwr, cloexec: true }
  - fd.flags: { fd: its }
    returns: { access: rdwr, append: false }
  - path: { fd.path: { fd: file } }
  - fd.flags: { fd: path }
  - copy: { fd.dup: { fd: its } }
  - fd.close: { fd: its }
  - fd.close: { fd: its }
    fails: EBADF
  - fd.dup_over: { fd: file, over: pipe }
  - fork: { process.fork: {} }
  - same: { fd.inherited: { fd: socket, process: fork } }
  - fd.close: { fd: same }
  - fd.flags: { fd: same }
    fails: EBADF
  - process.kill: { process: fork }
  - fd.exhaust: {}
  - fd.dup: { fd: file }
    fails: EMFILE
  - fd.replenish: {}
  - clock.advance: { ms: 1 }
then:
  - fd.dup: { fd: file }
  - fd.flags: { fd: copy }
    returns: { nonblock: false }
`;

const IN_MEMORY = `given:
  - buf: { heap.alloc: { size: 4 pages } }
  - all: { buffer.mmap: { buffer: buf } }
  - more: { buffer.mmap: { buffer: buf, length: 6 pages } }
  - none: { buffer.mmap: { buffer: buf, access: [] } }
when:
  - memory.store: { vma: all, page: 3, value: 77 }
  - memory.load: { vma: more, page: 3 }
    returns: 77
  - memory.load: { vma: more, page: 5 }
    faults: SIGBUS
  - memory.store: { vma: none, page: 0, value: 1 }
    faults: SIGSEGV
  - memory.write_from: { vma: more, page: 5 }
    fails: EFAULT
  - memory.read_into: { vma: all, page: 1 }
  - memory.protect: { vma: all, access: [read] }
  - memory.store: { vma: all, page: 0, value: 1 }
    faults: SIGSEGV
  - memory.discard: { vma: all }
  - fork: { process.fork: {} }
  - theirs: { memory.inherited: { vma: all, process: fork } }
  - memory.load: { vma: theirs, page: 3 }
    returns: 77
  - memory.unmap: { vma: all, first: 1, pages: 2 }
  - memory.load: { vma: theirs, page: 2 }
  - memory.load: { vma: all, page: 2 }
    faults: SIGSEGV
  - buffer.seek: { buffer: buf, whence: end, offset: 0 }
    returns: 4 pages
  - buffer.seek: { buffer: buf, whence: set, offset: -1 }
    fails: EINVAL
then:
  - buffer.fdinfo: { buffer: buf }
    fails: ENOENT
  - buffer.mmap: { buffer: buf, length: 0 }
    fails: EINVAL
`;

/** What the native target sees of a case, with files in memory where the heap would give buffers. */
async function runnerTrace(case_: Case): Promise<readonly string[]> {
  if (!addon) throw new Error("There is no addon");
  const executor = nearExecutor(addon);
  const heap = on(
    "heap.alloc",
    ({ session, strand }, { size }) => makeMemfd(strand, session.process, session.bytes(size)),
  );
  const session = new Session({
    ...await bareSetting(executor),
    handlers: new Map([...HANDLERS, heap]),
    limits: LIMITS,
  });
  const seen = [];
  for (const step of programOf(case_).steps) seen.push(await session.perform(step));
  await session.cleanUp();
  return traceOf(seen);
}

/** The same for a program. */
function withFiles(text: string): string {
  return text.replace(
    /static long heap_alloc\(__u64 length, __u32 flags\)\n\{\n(.*?)\n\}\n/s,
    'static long heap_alloc(__u64 length, __u32 flags)\n{\n\tint fd = memfd_create("heap", 0);\n\n\t(void)flags;\n\t(void)request;\n' +
      "\t(void)open_or_skip;\n\treturn ftruncate(fd, length) ? -errno : fd;\n}\n",
  );
}

for (const [what, steps] of [["descriptors", ON_DESCRIPTORS], ["memory", IN_MEMORY]] as const) {
  Deno.test({
    name: `a program on ${what} sees what the native target sees`,
    ignore: addon === undefined,
    async fn() {
      const case_ = parsed(steps);
      const program = await compiled(withFiles(textFor(case_, "native")), ["-O2"]);
      const { stdout } = await new Deno.Command(program).output();
      const output = new TextDecoder().decode(stdout);
      assertEquals(traceIn(output), await runnerTrace(case_), output);
    },
  });
}

Deno.test({
  name: "a program says what is missing and that it was skipped",
  ignore: noCompiler,
  async fn() {
    const text = textFor(parsed(IN_MEMORY), "native").replaceAll("/dev/dma_heap/system", "/dev/no-such-heap");
    const { code, stdout } = await new Deno.Command(await compiled(text)).output();
    assertEquals(code, 4);
    assertEquals(
      new TextDecoder().decode(stdout),
      "1..0 # SKIP /dev/no-such-heap: No such file or directory\n",
    );
  },
});

Deno.test({
  name: "a program whose kernel does otherwise says not ok and fails",
  ignore: noCompiler,
  async fn() {
    const case_ = parsed(`given:
  - file: { memfd.create: {} }
  - fork: { process.fork: {} }
when:
  - fd.flags: { fd: file }
    returns: { append: true }
then:
  - fd.close: { fd: file }
    fails: EBADF
`);
    const { code, stdout } = await new Deno.Command(await compiled(textFor(case_, "native"))).output();
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    assertEquals(code, 1);
    assertEquals(lines.slice(1), [
      "ok 2 - given.1 process.fork: succeeded",
      'not ok 3 - when.0 fd.flags: returned {"access":"rdwr","nonblock":false,"append":false,"cloexec":true}',
      "not ok 4 - then.0 fd.close: succeeded",
      "1..4",
    ]);
  },
});
