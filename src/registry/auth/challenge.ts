/**
 * The `WWW-Authenticate` header (RFC 9110, section 11.6.1): several challenges in one line, with parameters that may
 * hold commas.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { KIB } from "../../base/bytes.ts";

/** One way to authenticate that a host offers. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case; the first of two equal ones counts. */
  readonly params: ReadonlyMap<string, string>;
}

/** Real headers have a few hundred characters. */
const HEADER_MAX_LENGTH = 8 * KIB;

/** RFC 9110, section 5.6.2. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** Unquoted values that hosts send although they aren't tokens: URLs, scopes. */
const LOOSE_VALUE = /[^\s",]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const SPACE = /[ \t]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const COMMAS = /[ \t,]*/y;

/** A place in the text that only moves on. */
class Cursor {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What the sticky pattern matches here, and moves behind it. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  mark(): number {
    return this.#at;
  }

  back(mark: number): void {
    this.#at = mark;
  }
}

/**
 * Parses the header.
 *
 * @returns the challenges in their order; none for an empty header
 * @throws AppError `invalid_content`, and nothing else whatever the text is
 */
export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > HEADER_MAX_LENGTH) throw wrong(`it is longer than ${HEADER_MAX_LENGTH} characters`);
  const cursor = new Cursor(header);
  const challenges: Challenge[] = [];
  cursor.take(COMMAS);
  while (!cursor.isAtEnd) {
    const scheme = cursor.take(TOKEN)?.[0];
    if (scheme === undefined) throw wrong("it has no scheme where one must be");
    const params = new Map<string, string>();
    challenges.push({ scheme: scheme.toLowerCase(), params });
    takeParams(cursor, params);
  }
  return challenges;
}

/** Reads parameters up to the next scheme. */
function takeParams(cursor: Cursor, params: Map<string, string>): void {
  cursor.take(SPACE);
  for (;;) {
    cursor.take(COMMAS);
    if (cursor.isAtEnd) return;
    if (params.size === 0 && isBlob(cursor)) continue;
    const mark = cursor.mark();
    const name = cursor.take(TOKEN)?.[0];
    if (name !== undefined && cursor.take(EQUALS) !== undefined) {
      const value = takeValue(cursor);
      if (value !== undefined) {
        const key = name.toLowerCase();
        if (!params.has(key)) params.set(key, value);
        continue;
      }
    }
    cursor.back(mark);
    if (name === undefined) throw wrong("it has no parameter where one must be");
    return;
  }
}

/** The opaque blob of schemes such as Negotiate; one with no `=` could as well be a scheme, and counts as that. */
function isBlob(cursor: Cursor): boolean {
  const mark = cursor.mark();
  if (cursor.take(TOKEN68)?.[0].endsWith("=")) return true;
  cursor.back(mark);
  return false;
}

function takeValue(cursor: Cursor): string | undefined {
  const quoted = cursor.take(QUOTED);
  if (quoted !== undefined) return (quoted[1] ?? "").replace(/\\([^])/g, "$1");
  return cursor.take(LOOSE_VALUE)?.[0];
}

function wrong(why: string): AppError {
  return new AppError("invalid_content", `Cannot read WWW-Authenticate header: ${why}`);
}
