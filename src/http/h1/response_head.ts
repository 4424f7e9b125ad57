/**
 * The head of an HTTP/1.1 response, and how its body ends (RFC 9112).
 *
 * @module
 */
import type { HeaderFields } from "../message/http_message.ts";

/** How one knows where a body ends. */
export type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** With the connection: then nothing tells a whole body from a cut one. */
  | { readonly kind: "close" };

/** What a response says before its body. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly framing: Framing;
  /** Whether the connection may serve another request once the body was read. */
  readonly isPersistent: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: .*)?$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\0\r\n]*)$/;

/** A length as nearly all servers send it. */
const PLAIN_LENGTH = /^[0-9]{1,15}$/;

/**
 * Reads a head.
 *
 * @param text everything before the empty line, one character a byte
 * @throws Error for what is no HTTP/1.x, and for bodies whose end would be a matter of opinion
 */
export function parseResponseHead(text: string, method: "GET" | "HEAD"): ResponseHead {
  const [first = "", ...lines] = text.split("\r\n");
  const match = STATUS_LINE.exec(first);
  if (match === null) throw new Error("invalid HTTP version parsed");
  const status = Number(match[2]);
  const headers = new WireFields(lines);
  const tokens = tokensOf(headers.get("connection"));
  const keeps = match[1] === "1" ? !tokens.includes("close") : tokens.includes("keep-alive");
  const framing = framingOf(status, headers, method);
  // Who sends both a length and chunks may be two servers that disagree (RFC 9112, 6.3).
  const isDoubtful = framing.kind === "chunked" && headers.has("content-length");
  return { status, headers, framing, isPersistent: keeps && framing.kind !== "close" && !isDoubtful };
}

function framingOf(status: number, headers: HeaderFields, method: "GET" | "HEAD"): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) {
    return { kind: "length", bytes: 0 };
  }
  const codings = tokensOf(headers.get("transfer-encoding"));
  if (codings.length > 0) {
    if (codings.length === 1 && codings[0] === "chunked") return { kind: "chunked" };
    throw new Error(`invalid HTTP header parsed: transfer coding "${codings.join(", ")}"`);
  }
  const written = headers.get("content-length");
  if (written === null) return { kind: "close" };
  if (PLAIN_LENGTH.test(written)) return { kind: "length", bytes: Number(written) };
  const [length = "", ...others] = new Set(written.split(",").map((part) => part.trim()));
  const bytes = Number(length);
  if (others.length > 0 || !/^[0-9]+$/.test(length) || !Number.isSafeInteger(bytes)) {
    throw new Error("invalid HTTP header parsed: content-length");
  }
  return { kind: "length", bytes };
}

/** The fields of one head. The web's `Headers` costs a tenth of a millisecond a head, which three hundred small blobs feel. */
class WireFields implements HeaderFields {
  readonly #values = new Map<string, string>();

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const field = FIELD.exec(line);
      if (field === null) throw new Error("invalid HTTP header parsed");
      const name = (field[1] ?? "").toLowerCase();
      const value = (field[2] ?? "").trim();
      const before = this.#values.get(name);
      this.#values.set(name, before === undefined ? value : `${before}, ${value}`);
    }
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }
}

const NO_TOKENS: readonly string[] = [];

function tokensOf(value: string | null): readonly string[] {
  if (value === null) return NO_TOKENS;
  return value.toLowerCase().split(",").map((part) => part.trim()).filter((part) => part !== "");
}
