/**
 * Sockets that a command listens on or connects to.
 *
 * @module
 */
import { DEFAULT_HTTP, DEFAULT_SOCKET, parseHttpAddress } from "../serve/sockets.ts";
import type { Grants } from "./grants.ts";
import type { ParsedLine } from "../table/parse.ts";

/**
 * The permissions for the sockets of a command line.
 *
 * @param unixHosts whether the runtime requires net permission for the paths of Unix sockets
 */
export async function socketGrants(
  { name, input }: ParsedLine,
  unixHosts: boolean,
): Promise<Partial<Grants>> {
  const { socket, http } = input.options;
  const isServer = name === "serve";
  const text = http === undefined ? isServer ? undefined : DEFAULT_HTTP : String(http);
  const address = text === undefined ? undefined : parseHttpAddress(text, "--http");
  const socketPaths = [
    ...isServer ? [socket === undefined ? DEFAULT_SOCKET : String(socket)] : [],
    ...address?.transport === "unix" ? [address.path] : [],
  ];
  // A server binds inside a temporary directory first, and creates the parent directory if it is missing.
  const paths = isServer ? socketPaths.flatMap((path) => [path, `${path}.t`]) : socketPaths;
  const boundPaths = isServer ? socketPaths.map((path) => `${path}.t/s`) : [];
  const directories = isServer ? await missingDirectories(socketPaths) : [];
  const pidFiles = isServer ? socketPaths.map((path) => `${path}.pid`) : [];
  return {
    read: [...paths, ...pidFiles, ...directories],
    write: [...paths, ...pidFiles, ...directories],
    net: [
      ...unixHosts ? [...socketPaths, ...boundPaths].map((path) => `unix:${path}`) : [],
      ...address?.transport === "tcp" ? [`${address.hostname}:${address.port}`] : [],
    ],
  };
}

async function missingDirectories(paths: readonly string[]): Promise<readonly string[]> {
  const directories = [...new Set(paths.map(directoryOf))];
  const missing = await Promise.all(
    directories.map((directory) => Deno.stat(directory).then(() => [], () => [directory])),
  );
  return missing.flat();
}

/** The directory of a path. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}
