/**
 * What the kernel module adds to the handlers, where it is loaded.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import type { Handlers } from "../../handlers.ts";
import type { Machine } from "../machine.ts";
import type { Context, NativeHandler } from "../session.ts";
import { importerHandlers } from "./importer.ts";
import { referenceHandlers } from "./reference.ts";
import { moduleFenceHandlers, testExporterHandlers } from "./test_exporter.ts";

type NativeHandlers = Handlers<Context, Promise<unknown>>;

/** Has an operation done by the first handler where a machine is so, and by the second elsewhere. */
function where(
  isSo: (machine: Machine) => boolean,
  [operation, first]: readonly [OperationName, NativeHandler],
  others: NativeHandlers,
): readonly [OperationName, NativeHandler] {
  const second = others.get(operation);
  if (!second) return [operation, first];
  return [
    operation,
    (context, call) => (isSo(context.session.setting.machine) ? first : second)(context, call),
  ];
}

/** Puts the handlers of the module before others. */
export function withModule(others: NativeHandlers): NativeHandlers {
  return new Map([
    ...others,
    ...importerHandlers,
    ...testExporterHandlers,
    ...moduleFenceHandlers.map((each) => where(({ module }) => module.kind === "there", each, others)),
    ...referenceHandlers.map((each) => where(({ reference }) => reference !== undefined, each, others)),
  ]);
}
