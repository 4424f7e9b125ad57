/**
 * Sockets that a command listens on or connects to.
 *
 * @module
 */
import { parseHttpAddress } from "../serve/address.ts";
import { DEFAULT_HTTP, DEFAULT_SOCKET } from "../table/serve.ts";
import type { Grants } from "./grants.ts";
import type { ParsedLine } from "./wanted.ts";

/**
 * Permissions for the sockets of a line.
 *
 * @param unixHosts whether the runtime wants the paths of Unix sockets among its hosts
 */
export async function socketGrants(
  { command, input }: ParsedLine,
  unixHosts: boolean,
): Promise<Partial<Grants>> {
  const { socket, http } = input.options;
  const isServer = command === "serve";
  const text = http === undefined ? isServer ? undefined : DEFAULT_HTTP : String(http);
  const address = text === undefined ? undefined : parseHttpAddress(text, "--http");
  const names = [
    ...isServer ? [socket === undefined ? DEFAULT_SOCKET : String(socket)] : [],
    ...address?.transport === "unix" ? [address.path] : [],
  ];
  // A server binds under another name first, and makes the folder if it is missing.
  const paths = isServer ? names.flatMap((path) => [path, `${path}.tmp`]) : names;
  const folders = isServer ? await missingFolders(names) : [];
  const notes = isServer ? names.map((path) => `${path}.pid`) : [];
  return {
    read: [...paths, ...notes, ...folders],
    write: [...paths, ...notes, ...folders],
    net: [
      ...unixHosts ? paths.map((path) => `unix:${path}`) : [],
      ...address?.transport === "tcp" ? [`${address.hostname}:${address.port}`] : [],
    ],
  };
}

async function missingFolders(paths: readonly string[]): Promise<readonly string[]> {
  const folders = [...new Set(paths.map(directoryOf))];
  const missing = await Promise.all(
    folders.map((folder) => Deno.stat(folder).then(() => [], () => [folder])),
  );
  return missing.flat();
}

/** The folder that a path stands in. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}
