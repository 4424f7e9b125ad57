/**
 * Parses the `WWW-Authenticate` header (RFC 9110, section 11.6.1): several challenges in one line, whose parameters may
 * contain commas.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { KIB } from "../../base/bytes.ts";

/** One challenge: a scheme that the host accepts. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case; the first of several equal names wins. */
  readonly params: ReadonlyMap<string, string>;
}

/** Real headers have a few hundred characters. */
const HEADER_MAX_LENGTH = 8 * KIB;

/** RFC 9110, section 5.6.2. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** Unquoted values that hosts send although they aren't tokens, such as URLs and scopes. */
const LOOSE_VALUE = /[^\s",]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const SPACE = /[ \t]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const COMMAS = /[ \t,]*/y;
/** Text up to the next comma outside quotes. */
const UP_TO_COMMA = /(?:"(?:[^"\\]|\\[^])*"|[^,])*/y;

/** A read position in a text. */
class Cursor {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Matches a sticky pattern at the position, and moves the position behind the match. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  get position(): number {
    return this.#at;
  }

  reset(position: number): void {
    this.#at = position;
  }
}

/**
 * Parses the header. Invalid parts are skipped: one scheme that we can't parse must not hide another one that we support.
 *
 * @returns the challenges in the order of the header; none for an empty header
 * @throws AppError `invalid_content` if the header is longer than 8 KiB
 */
export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > HEADER_MAX_LENGTH) {
    throw new AppError(
      "invalid_content",
      `Cannot read WWW-Authenticate header: it is longer than ${HEADER_MAX_LENGTH} characters`,
    );
  }
  const cursor = new Cursor(header);
  const challenges: Challenge[] = [];
  cursor.take(COMMAS);
  while (!cursor.isAtEnd) {
    const scheme = cursor.take(TOKEN)?.[0];
    if (scheme === undefined) {
      cursor.take(UP_TO_COMMA);
    } else {
      const params = new Map<string, string>();
      challenges.push({ scheme: scheme.toLowerCase(), params });
      takeParams(cursor, params);
    }
    cursor.take(COMMAS);
  }
  return challenges;
}

/** Reads parameters up to the next scheme. */
function takeParams(cursor: Cursor, params: Map<string, string>): void {
  cursor.take(SPACE);
  for (;;) {
    cursor.take(COMMAS);
    if (cursor.isAtEnd) return;
    if (params.size === 0 && takesToken68(cursor)) continue;
    const start = cursor.position;
    const name = cursor.take(TOKEN)?.[0].toLowerCase();
    const isParam = name !== undefined && cursor.take(EQUALS) !== undefined;
    if (name !== undefined && !isParam) {
      cursor.reset(start);
      return;
    }
    const value = isParam ? takeValue(cursor) : undefined;
    if (name === undefined || value === undefined) cursor.take(UP_TO_COMMA);
    else if (!params.has(name)) params.set(name, value);
  }
}

/** Reads the token68 of schemes such as Negotiate. One without `=` is ambiguous and is read as the next scheme. */
function takesToken68(cursor: Cursor): boolean {
  const start = cursor.position;
  if (cursor.take(TOKEN68)?.[0].endsWith("=")) return true;
  cursor.reset(start);
  return false;
}

function takeValue(cursor: Cursor): string | undefined {
  const quoted = cursor.take(QUOTED);
  if (quoted !== undefined) return (quoted[1] ?? "").replace(/\\([^])/g, "$1");
  return cursor.take(LOOSE_VALUE)?.[0];
}
