/**
 * Addresses of the server's HTTP side, as users write them.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** Where to listen or connect. */
export type HttpAddress =
  | { readonly transport: "unix"; readonly path: string }
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number };

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/]*)):([0-9]{1,5})$/;

/**
 * Reads `HOST:PORT`, `:PORT` (loopback: nobody means the whole world by leaving something out) or `unix:PATH`.
 *
 * @param option for the error
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
  throw new AppError("invalid_argument", `Cannot use ${option} "${text}": want HOST:PORT or unix:PATH`);
}
