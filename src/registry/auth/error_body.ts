/**
 * What a server says about a failure (distribution spec 1.1, "Error Codes"; RFC 6749, 5.2 for token servers).
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import type { Clock } from "../../http/clock.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";

/** The first error of a body. */
export interface ServerError {
  /** `MANIFEST_UNKNOWN` and the like; "" if there is none. */
  readonly code: string;
  /** For people; "" if there is none. */
  readonly message: string;
}

/** An explanation is short; what is longer is a page for browsers. */
const BODY_MAX_BYTES = 64 * KIB;
/** Nobody waits longer for an explanation, in milliseconds. */
const BODY_TIMEOUT = 5_000;
/** Characters of the message that are worth a line on a terminal. */
const MESSAGE_MAX_LENGTH = 300;

const NOTHING: ServerError = { code: "", message: "" };

/** Reads the explanation, as far as there is one, and disposes the response. It never fails. */
export async function readErrorBody(response: HttpResponse, clock: Clock): Promise<ServerError> {
  // Ends the read of a body that stands still.
  const disarm = clock.after(BODY_TIMEOUT, () => response[Symbol.dispose]());
  try {
    return parseErrorBody(await readStart(response), response.headers.get("content-type") ?? "");
  } finally {
    disarm();
    response[Symbol.dispose]();
  }
}

async function readStart(response: HttpResponse): Promise<string> {
  const buffer = new Uint8Array(BODY_MAX_BYTES);
  let length = 0;
  try {
    while (length < buffer.length) {
      const n = await response.body.read(buffer.subarray(length));
      if (n === null) break;
      length += n;
    }
  } catch {
    // The status is the failure; a body that breaks off must not hide it.
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

/**
 * Picks what is meant for people: the first of a registry's `errors`, else a token server's `details`,
 * `error_description`, `message` or `error`, else plain text. Pages for browsers say nothing.
 */
export function parseErrorBody(text: string, contentType: string): ServerError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    const isPage = /html/i.test(contentType) || text.trimStart().startsWith("<") ||
      text.trimStart().startsWith("{");
    return isPage ? NOTHING : { code: "", message: clean(text) };
  }
  if (!isRecord(body)) return NOTHING;
  const first: unknown = Array.isArray(body.errors) ? body.errors[0] : undefined;
  if (isRecord(first)) {
    const code = clean(first.code);
    return { code, message: clean(first.message) || clean(first.detail) || code };
  }
  for (const name of ["details", "error_description", "message", "error"]) {
    const message = clean(body[name]);
    if (message !== "") return { code: "", message };
  }
  return NOTHING;
}

/** Server text goes to terminals and logs: no control characters, one line, not long. */
function clean(value: unknown): string {
  if (typeof value !== "string") return "";
  const line = value.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > MESSAGE_MAX_LENGTH ? `${line.slice(0, MESSAGE_MAX_LENGTH)}…` : line;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
