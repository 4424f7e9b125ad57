/**
 * What a server says of its refusal, for people.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import type { HttpResponse } from "./http.ts";

/** Error bodies have a few hundred bytes; of a longer one the start must do. */
const ERROR_BODY_MAX_BYTES = 64 * KIB;
/** What a line on a terminal can hold of it, in characters. */
const MESSAGE_MAX_LENGTH = 300;

/**
 * Reads an error body and picks what is meant for people: the messages of a registry's `errors`, of a token server's
 * `details`, `error_description` or `error`, else the first line of a plain text. "" if there is none, and never a
 * failure: the status says enough then. Disposes nothing.
 */
export async function serverMessage(response: HttpResponse): Promise<string> {
  const text = new TextDecoder().decode(await readStart(response));
  const type = response.headers.get("content-type") ?? "";
  const message = fromJson(text) ?? (/html/i.test(type) || text.trimStart().startsWith("<") ? "" : text);
  return oneLine(message);
}

async function readStart(response: HttpResponse): Promise<Uint8Array> {
  const buffer = new Uint8Array(ERROR_BODY_MAX_BYTES);
  let length = 0;
  try {
    while (length < buffer.length) {
      const n = await response.body.read(buffer.subarray(length));
      if (n === null) break;
      length += n;
    }
  } catch {
    // What came so far is all that there is to show.
  }
  return buffer.subarray(0, length);
}

function fromJson(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return "";
  const fields = value as Record<string, unknown>;
  if (Array.isArray(fields.errors)) {
    return fields.errors.map(messageOfItem).filter((said) => said !== "").join("; ");
  }
  for (const name of ["details", "error_description", "message", "error"]) {
    const said = fields[name];
    if (typeof said === "string" && said !== "") return said;
  }
  return "";
}

function messageOfItem(item: unknown): string {
  if (typeof item !== "object" || item === null) return "";
  const { message, code } = item as Record<string, unknown>;
  if (typeof message === "string" && message !== "") return message;
  return typeof code === "string" ? code : "";
}

/** Nothing that moves a terminal's cursor, and no more than fits. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > MESSAGE_MAX_LENGTH ? `${line.slice(0, MESSAGE_MAX_LENGTH)}…` : line;
}
