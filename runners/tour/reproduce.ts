/**
 * What a divergence of a tour says of itself as a case file.
 *
 * @module
 */
import { writeCase, type WriteOptions, type WrittenCase } from "../fuzz/case_file.ts";
import type { TourDivergence } from "./tour.ts";

const NO_CONTROL = "The steps are the shortest way to the difference and show nothing else.";

/** Writes a divergence as a case file and sees that the case shows it. */
export function reproduce(found: TourDivergence, options: WriteOptions): Promise<WrittenCase> {
  const { operation, state, divergence: { expected, seen } } = found;
  const [name = operation] = operation.split(" ");
  return writeCase(found, {
    operation: name,
    found: "Tour",
    why: `The tour of ${options.target} by the model ${options.against.id} found it in the state "${state}".`,
    noControl: NO_CONTROL,
    remarks: [`expected: ${expected}`, `seen: ${seen}`],
  }, options);
}
