/**
 * The error in the body of a response (distribution spec 1.1, "Error Codes"; RFC 6749, section 5.2, for token servers).
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import type { SecretSet } from "../../base/secret_set.ts";
import type { Clock } from "../../http/clock.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { bodyEncodingOf, decompressedReader } from "./content_encoding.ts";

/** The first error of a body. */
export interface ServerError {
  /** A code such as `MANIFEST_UNKNOWN`; "" if there is none. */
  readonly code: string;
  /** A message for users; "" if there is none. */
  readonly message: string;
}

/** Error bodies are short; a longer one is a web page. */
const BODY_MAX_BYTES = 64 * KIB;
/** The longest wait for an error body, in milliseconds: the status already describes the failure. */
const BODY_TIMEOUT = 5_000;
/** Longer messages are truncated to this number of characters. */
const MESSAGE_MAX_LENGTH = 300;

const NO_ERROR: ServerError = { code: "", message: "" };

/**
 * Reads the error in a body, hides the secrets in it, and disposes the response. It never throws: a missing error has an
 * empty message.
 */
export async function readErrorBody(
  response: HttpResponse,
  clock: Clock,
  secrets: SecretSet,
): Promise<ServerError> {
  // Disposing the response ends the read of a stalled body.
  const disarm = clock.after(BODY_TIMEOUT, () => response[Symbol.dispose]());
  try {
    return parseErrorBody(await readStart(response), response.headers.get("content-type") ?? "", secrets);
  } finally {
    disarm();
    response[Symbol.dispose]();
  }
}

async function readStart(response: HttpResponse): Promise<string> {
  const buffer = new Uint8Array(BODY_MAX_BYTES);
  let length = 0;
  try {
    const isCompressed = bodyEncodingOf(response.headers) === "compressed";
    using decoded = isCompressed ? await decompressedReader(response.body) : undefined;
    const body = decoded ?? response.body;
    while (length < buffer.length) {
      const n = await body.read(buffer.subarray(length));
      if (n === null) break;
      length += n;
    }
  } catch {
    // A truncated body must not hide the status.
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

/**
 * Finds the message: the first of a registry's `errors`, otherwise a token server's `details`, `error_description`,
 * `message` or `error`, otherwise plain text. A web page has no message.
 */
function parseErrorBody(text: string, contentType: string, secrets: SecretSet): ServerError {
  const clean = (value: unknown) => sanitize(value, secrets);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    const isPage = /html/i.test(contentType) || text.trimStart().startsWith("<") ||
      text.trimStart().startsWith("{");
    return isPage ? NO_ERROR : { code: "", message: clean(text) };
  }
  if (!isRecord(body)) return NO_ERROR;
  const first: unknown = Array.isArray(body.errors) ? body.errors[0] : undefined;
  if (isRecord(first)) {
    const code = clean(first.code);
    return { code, message: clean(first.message) || clean(first.detail) || code };
  }
  for (const name of ["details", "error_description", "message", "error"]) {
    const message = clean(body[name]);
    if (message !== "") return { code: "", message };
  }
  return NO_ERROR;
}

/** Makes a server's text safe for terminals and logs: one short line without control characters and secrets. */
function sanitize(value: unknown, secrets: SecretSet): string {
  if (typeof value !== "string") return "";
  // Hidden before the text is truncated, which could leave a part of a secret.
  const line = secrets.hide(secrets.hide(value).replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")).trim();
  return line.length > MESSAGE_MAX_LENGTH ? `${line.slice(0, MESSAGE_MAX_LENGTH)}…` : line;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
