/**
 * What a finding says of itself: how it was found, and the command that finds it again.
 *
 * @module
 */
import { writeCase, type WriteOptions, type WrittenCase } from "./case_file.ts";
import type { Finding } from "./fuzz.ts";

const NO_CONTROL =
  "The program was found by chance; its steps are those that show the difference and no more.";

/** Writes a finding as a case file and sees that the case shows it. */
export function writeFinding(finding: Finding, options: WriteOptions): Promise<WrittenCase> {
  const { operation, divergence: { expected, seen } } = finding;
  const model = `sim:${options.against.id}`;
  return writeCase(finding, {
    operation,
    found: "Fuzzing",
    why: `A random program told ${options.target} from ${model}, the model, and was shortened.`,
    noControl: NO_CONTROL,
    remarks: [
      `Found by ${replayCommand(finding, options.target, model)}`,
      `expected of ${operation}: ${expected}`,
      `seen: ${seen}`,
    ],
  }, options);
}

/** The command that finds a finding again. */
export function replayCommand({ seed, path, maxSteps }: Finding, target: string, against: string): string {
  return `conform fuzz --target ${target} --against ${against} --seed ${seed} --path ${path} ` +
    `--max-steps ${maxSteps}`;
}
