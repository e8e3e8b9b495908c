/**
 * Several targets in the order in which they are compared, the older ones first.
 *
 * @module
 */
import { localKernels } from "../runners/vm/kernels/mod.ts";
import { compareReleases, flavourOf, seriesOf } from "../runners/vm/kernels/catalogue.ts";
import { parseTarget, TargetNameError } from "../runners/open.ts";
import { Failure } from "./io.ts";

/** Which targets a command is given. */
export interface TargetsGiven {
  /** Lists of kernels for virtual machines, as in `6.1,6.12`. */
  readonly kernels: readonly string[];
  /** Lists of whole names of targets, as in `sim:mainline-7.0,sim:mainline-7.1`. */
  readonly targets: readonly string[];
}

/** A comma ends a name only where another one begins: names have commas themselves. */
const BETWEEN_NAMES = /,(?=(?:sim|native|agent|stdio|vm)(?:[:+,]|$))/;

/**
 * The names of the targets; where none is given, the kernels that are here.
 *
 * @throws {Failure} with status 2 if a name is no target's or there twice
 */
export async function targetsGiven({ kernels, targets }: TargetsGiven): Promise<readonly string[]> {
  const named = [
    ...kernels.flatMap((list) => list.split(",")).filter((each) => each !== "").map((each) => `vm:${each}`),
    ...targets.flatMap((list) => list.split(BETWEEN_NAMES)).filter((each) => each !== ""),
  ];
  const isGiven = kernels.length + targets.length > 0;
  if (isGiven && named.length === 0) {
    throw new Failure(2, "The list of targets is empty", "Name some, as in 7.2,7.3, or leave the option out");
  }
  const names = isGiven ? named : await kernelsAtHand();
  for (const name of names) checkName(name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new Failure(2, `The target ${twice} is named twice`, "Name each one once");
  return names;
}

function checkName(name: string): void {
  try {
    parseTarget(name);
  } catch (error) {
    if (error instanceof TargetNameError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}

/** The kernels of Debian that are here, the newest one of each series, the oldest series first. */
export async function kernelsAtHand(): Promise<readonly string[]> {
  const plain = (await localKernels()).filter(({ origin, release }) =>
    origin === "debian" && flavourOf(release) === "plain"
  );
  const series = new Set(plain.map(({ version }) => seriesOf(version)));
  return [...series].toSorted(compareReleases).map((each) => `vm:${each}`);
}
