/**
 * What the process that faces the net gives up once it listens.
 *
 * @module
 */

/** It writes no file, loads no library, reads no environment and asks nothing of the system any more; it starts workers. */
const NOT_NEEDED = ["write", "ffi", "sys", "import", "env"] as const;

/** Gives up every permission of this process that an agent which listens does not need. */
export async function dropPermissions(): Promise<void> {
  for (const name of NOT_NEEDED) await Deno.permissions.revoke({ name });
}
