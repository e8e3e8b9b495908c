import { assertEquals } from "@std/assert";
import { Completion, Mutex, RwSemaphore, type Steps, Thread, window } from "./sched.ts";

function* holding(mutex: Mutex, trace: string[], name: string): Steps<void> {
  yield mutex.lock;
  trace.push(`${name} in`);
  yield window("inside");
  trace.push(`${name} out`);
  mutex.unlock();
}

Deno.test("Mutex lets one thread in at a time", () => {
  const mutex = new Mutex("m", "a test");
  const done = new Completion(() => "go");
  const trace: string[] = [];
  const first = new Thread(
    "first",
    (function* () {
      yield mutex.lock;
      yield done.wait;
      mutex.unlock();
    })(),
  );
  const second = new Thread("second", holding(mutex, trace, "second"));
  first.advance();
  assertEquals([second.advance(), second.waiting?.on, trace], [true, "lock:m of a test", []]);
  done.complete();
  first.advance();
  second.advance();
  assertEquals([first.done, second.done, trace], [true, true, ["second in", "second out"]]);
});

Deno.test("RwSemaphore lets readers share and writers exclude", () => {
  const sem = new RwSemaphore("s", "a test");
  const take = (write: boolean) => {
    const thread = new Thread(
      "t",
      (function* () {
        yield write ? sem.write : sem.read;
      })(),
    );
    thread.advance();
    return thread.done;
  };
  assertEquals([take(false), take(false), take(true)], [true, true, false]);
  sem.upRead();
  sem.upRead();
  assertEquals([take(true), take(false), sem.tryWrite(undefined)], [true, false, false]);
});

Deno.test("Completion can be armed again", () => {
  const completion = new Completion(() => "x");
  const waits = () => {
    const thread = new Thread(
      "t",
      (function* () {
        yield completion.wait;
      })(),
    );
    thread.advance();
    return !thread.done;
  };
  assertEquals(waits(), true);
  completion.complete();
  assertEquals(waits(), false);
  completion.reinit();
  assertEquals(waits(), true);
});
