/**
 * What an operation of the vocabulary becomes in C: one expression that does it and gives its result, and the pieces
 * that the expression needs.
 *
 * @module
 */
import { type AnyArgs, type Args, type OperationName, operationOf } from "../../spec/operations/mod.ts";
import type { ObjectKind } from "../../spec/operations/operation.ts";
import type { Reference } from "../../runners/native/reference.ts";
import type { Helper } from "./helper.ts";

/** What a program is made for. */
export interface Setting {
  /** What the module's reference exporter is to follow, where that stands for VFIO devices. */
  readonly reference?: Reference | undefined;
  /** The number of the VFIO feature that revokes a buffer, where a kernel has one. */
  readonly revokeFeature?: number | undefined;
  /** Addresses of the PCI devices, where they are known. */
  readonly devices?: readonly string[] | undefined;
}

/** What is known of a whole case before its steps are written. */
export interface CaseFacts {
  /** Whether it needs the kernel module. */
  readonly hasModule: boolean;
  /** Whether a domain is one of the edu device; a mock domain otherwise. */
  readonly hasEdu: boolean;
  /** Whether a driver may ask for its device back. */
  readonly hasUnbind: boolean;
}

/** What is known of an object besides its kind: C expressions for what belongs to it. */
export interface About {
  /** The `struct pci_device`, or the id of the reference device. */
  readonly device?: string | undefined;
  /** The descriptors of its iommufd context. */
  readonly context?: string | undefined;
  /** What signals a fence. */
  readonly signaller?: string | undefined;
  /** The descriptor of the iommufd of an address space or a domain. */
  readonly iommufd?: string | undefined;
  /** The type of its video queue. */
  readonly queue?: string | undefined;
}

/** An object of a case in C. */
export interface CObject extends About {
  readonly kind: ObjectKind;
  /** The variable. */
  readonly c: string;
  /** The process that it is in; the program's own where left out. */
  readonly process?: string | undefined;
  /** Whether the step that gives it need not succeed. */
  readonly mayBeAbsent: boolean;
}

/** What an operation is written with. */
export interface Scope {
  readonly setting: Setting;
  readonly facts: CaseFacts;
  /** What the case calls the result, or the step's id, as a name of C. */
  readonly name: string;
  /** The same as the case has it, for what is printed. */
  readonly told: string;
  /** The variable of the object that it gives. */
  readonly own: string;
  /** The object of a name. */
  object(name: string): CObject;
  /** The function that takes a descriptor in the process it is sent to. */
  readonly there: string;
}

/** An operation in C. */
export interface Emission {
  /** The expression. */
  readonly call: string;
  /** Pieces that it needs. */
  readonly uses: readonly Helper[];
  /** How its value is shown; not at all where left out, or by the function itself. */
  readonly shows?: "number" | "truth" | undefined;
  /** What is known of the object that it gives. */
  readonly about?: About | undefined;
  /** Variables that it needs, as `static` declarations. */
  readonly declares?: readonly string[] | undefined;
  /** The process in which it is done, where that is not the one of its objects. */
  readonly process?: string | "own" | undefined;
  /** What is done in the other process while this one does the call. */
  readonly there?: string | undefined;
  /** Whether the expression writes its object itself, rather than gives it. */
  readonly writes?: boolean | undefined;
  /** Statements to do before the first step. */
  readonly setup?: readonly string[] | undefined;
}

/** There is no C for something; the message says what. */
export class NoForm extends Error {
  /** Makes an error of what there is no C for. */
  constructor(message: string) {
    super(message);
    this.name = "NoForm";
  }
}

/** Writes an operation. */
export type Emitter = (args: AnyArgs, scope: Scope) => Emission;

function areArgsOf<N extends OperationName>(operation: N, args: AnyArgs): args is Args<N> {
  return operationOf(operation).args.safeParse(args).success;
}

/** Declares how an operation is written. */
export function on<N extends OperationName>(
  operation: N,
  emit: (args: Args<N>, scope: Scope) => Emission,
): readonly [OperationName, Emitter] {
  return [operation, (args, scope) => {
    if (!areArgsOf(operation, args)) {
      throw new Error(`Cannot write ${operation}: its arguments are of another operation`);
    }
    return emit(args, scope);
  }];
}

/** The descriptor of a name, or a bare number. */
export function fdText(scope: Scope, fd: string | number): string {
  return typeof fd === "number" ? `${fd}` : scope.object(fd).c;
}

/** What is known of an object, without its place. */
export function aboutOf({ device, context, signaller, iommufd, queue }: CObject): About {
  return { device, context, signaller, iommufd, queue };
}
