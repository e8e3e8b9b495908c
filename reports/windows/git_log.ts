/**
 * Where to look in the kernel's history for a change of behaviour.
 *
 * @module
 */

/**
 * The command that lists the commits between two kernels that touch some files; without files there is none. Releases
 * of a distribution stand for the releases of Linux that they are of: `6.12.117+deb13-amd64` and `vm:6.12` for `v6.12`.
 * Where one of them is no kernel, the whole history of the files is listed.
 */
export function gitLog(from: string, to: string, files: readonly string[]): string | undefined {
  if (files.length === 0) return undefined;
  const [older, newer] = [tagOf(from), tagOf(to)];
  const range = older === undefined || newer === undefined || older === newer ? "" : ` ${older}..${newer}`;
  return `git log --oneline${range} -- ${files.join(" ")}`;
}

function tagOf(kernel: string): string | undefined {
  const series = /\d+\.\d+/.exec(kernel)?.[0];
  return series === undefined ? undefined : `v${series}`;
}
