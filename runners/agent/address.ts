/**
 * Which addresses stay on this machine.
 *
 * @module
 */

/** Whether a host can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return bare === "localhost" || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}

/** The host in the value of a `Host` header. */
export function hostOf(header: string): string {
  return header.replace(/:\d+$/, "");
}

/** An address of a WebSocket. */
export function addressOf(scheme: "ws" | "wss", host: string, port: number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
