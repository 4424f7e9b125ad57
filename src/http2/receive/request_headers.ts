/**
 * Validates header lists (RFC 9113, sections 8.2 and 8.3).
 *
 * @module
 */
import type { HeaderField } from "../hpack/static_table.ts";

const PSEUDO_HEADERS: ReadonlySet<string> = new Set([":method", ":scheme", ":path", ":authority"]);
/** Hop-by-hop fields of HTTP/1.1, which HTTP/2 forbids. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const BAD_VALUE = /[\0\r\n]/;

/**
 * Returns the headers of a request by name; values of a repeated name are joined with a comma. `:authority` isn't
 * validated: over a Unix socket, clients send the socket's path, with or without escaping.
 *
 * @returns undefined for a malformed list, which is a stream error
 */
export function requestHeaders(fields: readonly HeaderField[]): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  let regular = false;
  for (const [name, value] of fields) {
    const known = headers.get(name);
    if (name.startsWith(":")) {
      if (regular || known !== undefined || !PSEUDO_HEADERS.has(name)) return undefined;
    } else {
      regular = true;
      if (!isRegular(name, value)) return undefined;
    }
    if (BAD_VALUE.test(value)) return undefined;
    headers.set(name, known === undefined ? value : `${known},${value}`);
  }
  const isComplete = headers.get(":method") && headers.get(":scheme") && headers.get(":path");
  return isComplete ? headers : undefined;
}

/** Reports whether a list is valid as trailers. */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(([name, value]) => isRegular(name, value) && !BAD_VALUE.test(value));
}

function isRegular(name: string, value: string): boolean {
  return NAME.test(name) && !CONNECTION_HEADERS.has(name) && (name !== "te" || value === "trailers");
}
