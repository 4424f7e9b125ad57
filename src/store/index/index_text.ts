/**
 * The text of `index.json`: one descriptor per line, so that a reader parses only the lines that are new to
 * it.
 *
 * It is ordinary JSON for other tools. A file that another tool wrote in another format is parsed as a whole.
 *
 * @module
 */
import { concatBytes, equalBytes } from "../../base/bytes.ts";
import { asArray, asObject, type JsonObject, parseJsonObject } from "../../oci/json.ts";

/** The parsed file, including the parts that other tools wrote. */
export interface IndexContent {
  /** Every descriptor, including those that dray can't read. */
  readonly manifests: readonly JsonObject[];
  /** The fields of the document other than `manifests`. */
  readonly rest: JsonObject;
}

const HEAD_END = '"manifests":[';
const TAIL = "]}";
/** Separates two lines. A JSON string contains no newline. */
const SEPARATOR = ",\n";
const NEWLINE = 0x0a;
/** Cached lines that are no longer in the file are dropped when there are more of them. */
const STALE_LINES_MAX = 100;

/** A text and its content. */
interface ParsedText {
  readonly bytes: Uint8Array;
  readonly content: IndexContent;
  /**
   * The offset of each descriptor's line, and of the end of the last; undefined for a text without
   * this format.
   */
  readonly starts: Uint32Array | undefined;
}

/** Parses and formats the text. A descriptor whose line is unchanged stays the same object. */
export class IndexText {
  readonly #byLine = new Map<string, JsonObject>();
  readonly #lines = new WeakMap<JsonObject, string>();
  #last: ParsedText | undefined;

  /**
   * Parses the document. Returns the same object as the last time for the same bytes.
   *
   * @param where names the file in errors
   * @throws AppError `invalid_content`
   */
  parse(bytes: Uint8Array, where: string): IndexContent {
    if (this.#last !== undefined && equalBytes(this.#last.bytes, bytes)) return this.#last.content;
    const byLines = this.#parseLines(bytes);
    const content = byLines ?? parseWhole(bytes, where);
    this.#remember({ bytes, content, starts: byLines && startsOf(bytes, content.manifests.length) });
    return content;
  }

  /**
   * Formats the document. Copies the lines before and after the change from the previous text, unless it
   * was formatted differently: a change of an index of many MiB formats only a few hundred bytes.
   */
  format(content: IndexContent): Uint8Array {
    const { manifests, rest } = content;
    const last = this.#last?.starts === undefined ? NO_TEXT : this.#last;
    const { before, after } = countUnchanged(last.content.manifests, manifests);
    const middle = manifests.slice(before, manifests.length - after).map((raw) => this.#lineOf(raw));
    const encoder = new TextEncoder();
    const parts = [
      linesIn(last, 0, before),
      encoder.encode(middle.join(SEPARATOR)),
      linesIn(last, last.content.manifests.length - after, last.content.manifests.length),
    ].filter(({ length }) => length > 0);
    const separator = encoder.encode(SEPARATOR);
    const bytes = concatBytes([
      encoder.encode(`${JSON.stringify({ ...rest, manifests: [] }).slice(0, -TAIL.length)}\n`),
      ...parts.flatMap((part, i) => i === 0 ? [part] : [separator, part]),
      encoder.encode(`${parts.length > 0 ? "\n" : ""}${TAIL}\n`),
    ]);
    this.#remember({ bytes, content, starts: startsOf(bytes, manifests.length) });
    return bytes;
  }

  /** Returns undefined for a document that isn't formatted by lines, or a damaged one. */
  #parseLines(bytes: Uint8Array): IndexContent | undefined {
    try {
      const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
      const [head = ""] = lines;
      if (!head.endsWith(HEAD_END) || lines.pop() !== "" || lines.pop() !== TAIL) return undefined;
      // The whole is valid JSON with the same meaning if each line is, and if exactly the commas between them
      // are there.
      const { manifests, ...rest } = asObject(JSON.parse(head + TAIL), "");
      if (!Array.isArray(manifests) || manifests.length > 0) return undefined;
      const last = lines.length - 1;
      const found: JsonObject[] = [];
      for (let i = 1; i <= last; i++) {
        const line = lines[i] ?? "";
        if ((i < last) !== line.endsWith(",")) return undefined;
        found.push(this.#objectOf(i < last ? line.slice(0, -1) : line));
      }
      return { manifests: found, rest };
    } catch {
      return undefined;
    }
  }

  #objectOf(line: string): JsonObject {
    const cached = this.#byLine.get(line);
    if (cached !== undefined) return cached;
    const raw = asObject(JSON.parse(line), "");
    // Cached under a newly formatted line: a substring of the file would keep the whole file in memory.
    this.#lineOf(raw);
    return raw;
  }

  #lineOf(raw: JsonObject): string {
    let line = this.#lines.get(raw);
    if (line === undefined) {
      line = JSON.stringify(raw);
      this.#lines.set(raw, line);
      this.#byLine.set(line, raw);
    }
    return line;
  }

  #remember(text: ParsedText): void {
    this.#last = text;
    const { manifests } = text.content;
    if (this.#byLine.size <= 2 * manifests.length + STALE_LINES_MAX) return;
    this.#byLine.clear();
    for (const raw of manifests) this.#byLine.set(this.#lineOf(raw), raw);
  }
}

const NO_TEXT: ParsedText = {
  bytes: new Uint8Array(0),
  content: { manifests: [], rest: {} },
  starts: undefined,
};

/** Counts the unchanged descriptors at the beginning and, of the others, at the end. */
function countUnchanged(
  old: readonly JsonObject[],
  current: readonly JsonObject[],
): { readonly before: number; readonly after: number } {
  const max = Math.min(old.length, current.length);
  let before = 0;
  while (before < max && old[before] === current[before]) before++;
  let after = 0;
  while (after < max - before && old[old.length - 1 - after] === current[current.length - 1 - after]) after++;
  return { before, after };
}

/** Some lines of a text, with the separators between them. */
function linesIn({ bytes, starts, content }: ParsedText, from: number, to: number): Uint8Array {
  if (starts === undefined || from >= to) return NO_TEXT.bytes;
  const next = starts[to] ?? 0;
  return bytes.subarray(starts[from], next - (to === content.manifests.length ? 1 : SEPARATOR.length));
}

function startsOf(bytes: Uint8Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  let offset = 0;
  for (let i = 0; i <= count; i++) {
    offset = bytes.indexOf(NEWLINE, offset) + 1;
    starts[i] = offset;
  }
  return starts;
}

function parseWhole(bytes: Uint8Array, where: string): IndexContent {
  const { manifests, ...rest } = parseJsonObject(bytes, where);
  // Go encoders write null for an empty list.
  const list = asArray(manifests ?? [], `${where}, manifests`);
  return { manifests: list.map((item, i) => asObject(item, `${where}, manifests[${i}]`)), rest };
}
