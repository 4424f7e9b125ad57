/**
 * The head of an HTTP/1.1 response, and how its body ends (RFC 9112).
 *
 * @module
 */
import type { HeaderFields } from "../message/http_message.ts";
import { parseMessageHead, parseStatusLine, unfoldResponseHead } from "../message/message_head.ts";

/** What marks the end of a body. */
export type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** The end of the connection: a truncated body can't be told from a complete one. */
  | { readonly kind: "close" };

/** A parsed response head. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly framing: Framing;
  /** Whether the connection can be used for another request after the body was read. */
  readonly isPersistent: boolean;
}

/** The form that nearly all servers send. */
const PLAIN_LENGTH = /^[0-9]{1,15}$/;

/**
 * Parses a head.
 *
 * @param text Latin-1 text before the empty line
 * @param method of the request: a response to HEAD has no body
 * @throws Error for anything but HTTP/1.x, and for a body whose end is ambiguous
 */
export function parseResponseHead(text: string, method: "GET" | "HEAD"): ResponseHead {
  const { startLine, headers } = parseMessageHead(unfoldResponseHead(text));
  const statusLine = parseStatusLine(startLine);
  if (statusLine === undefined) throw new Error("invalid HTTP version parsed");
  const { status, minorVersion } = statusLine;
  const tokens = tokensOf(headers.get("connection"));
  const isKeptAlive = minorVersion === 1 ? !tokens.includes("close") : tokens.includes("keep-alive");
  const framing = framingOf(status, headers, method);
  // Both a length and chunks: two servers may disagree on where the body ends (RFC 9112, 6.3).
  const isAmbiguous = framing.kind === "chunked" && headers.has("content-length");
  // Some servers send a body in response to HEAD, which would be parsed as the next response.
  const isReusable = framing.kind !== "close" && !isAmbiguous && method !== "HEAD";
  return { status, headers, framing, isPersistent: isKeptAlive && isReusable };
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

const NO_TOKENS: readonly string[] = [];

function tokensOf(value: string | null): readonly string[] {
  if (value === null) return NO_TOKENS;
  return value.toLowerCase().split(",").map((part) => part.trim()).filter((part) => part !== "");
}
