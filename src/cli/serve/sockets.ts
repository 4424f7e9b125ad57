/**
 * The sockets of the server: addresses, modes and groups as users write them.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** The services of `dray serve`. */
export const SERVICES = ["cri"] as const;
/** The default socket of the service. */
export const DEFAULT_SOCKET = "/run/dray/dray.sock";
/** The address at which `dray progress` connects to a server by default. */
export const DEFAULT_HTTP = "unix:/run/dray/http.sock";

/** An address to listen on or connect to. */
export type HttpAddress =
  | { readonly transport: "unix"; readonly path: string }
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number };

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/]*)):([0-9]{1,5})$/;

/**
 * Parses `HOST:PORT`, `:PORT` (on loopback: an omitted host must not open the port to the network) or
 * `unix:PATH`.
 *
 * @param option the option's name, for the error
 * @throws AppError `invalid_argument`
 */
export function parseHttpAddress(text: string, option: string): HttpAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (path !== "") return { transport: "unix", path };
  }
  const [, ipv6, host, port] = HOST_PORT.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65_535) {
    return { transport: "tcp", hostname: ipv6 ?? (host || "127.0.0.1"), port: Number(port) };
  }
  throw new AppError("invalid_argument", `Cannot use ${option} "${text}": use HOST:PORT or unix:PATH`);
}

/** Makes a path absolute: clients have other working directories. */
export function toAbsolutePath(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/** Parses permission bits: `660`, `0660`. @throws AppError `invalid_argument` */
export function parseMode(text: string): number {
  if (/^0?o?[0-7]{3}$/.test(text)) return parseInt(text.replace("o", ""), 8);
  throw new AppError(
    "invalid_argument",
    `Cannot use --socket-mode "${text}": use octal digits such as 0660`,
  );
}

/**
 * Returns the id of a group, from `/etc/group` unless it is already a number.
 *
 * @throws AppError `invalid_argument`
 */
export async function findGroupId(group: string, groupFile = "/etc/group"): Promise<number> {
  if (/^[0-9]+$/.test(group)) return Number(group);
  for (const line of (await Deno.readTextFile(groupFile)).split("\n")) {
    const [name, , id] = line.split(":");
    if (name === group && id !== undefined && /^[0-9]+$/.test(id)) return Number(id);
  }
  throw new AppError("invalid_argument", `Cannot use --socket-group "${group}": no such group`);
}
