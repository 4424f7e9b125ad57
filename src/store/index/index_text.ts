/**
 * The text of `index.json`: one descriptor a line, so that who has read it before reads only the lines that are new.
 *
 * To every tool it is JSON like any other. A file that another tool wrote in another shape is parsed as a whole.
 *
 * @module
 */
import { concatBytes, equalBytes } from "../../base/bytes.ts";
import { asArray, asObject, type JsonObject, parseJsonObject } from "../../oci/json.ts";

/** The file as it was read: descriptors of whoever wrote them, and whatever else stands at the top. */
export interface IndexContent {
  /** Every descriptor, also those that nothing here understands. */
  readonly manifests: readonly JsonObject[];
  /** The fields of the document other than `manifests`. */
  readonly rest: JsonObject;
}

const HEAD_END = '"manifests":[';
const TAIL = "]}";
/** Between two lines; JSON has no newline inside of a text. */
const SEPARATOR = ",\n";
const NEWLINE = 0x0a;
/** Lines of the past are let go now and then, not each time. */
const SPARE_LINES = 100;

/** A text and what it means. */
interface Known {
  readonly bytes: Uint8Array;
  readonly content: IndexContent;
  /** Where each line of a descriptor begins, and what follows the last; undefined for a text of another shape. */
  readonly starts: Uint32Array | undefined;
}

/** Reads and writes the text. A descriptor whose line is the same as before is the same object as before. */
export class IndexText {
  readonly #byLine = new Map<string, JsonObject>();
  readonly #lines = new WeakMap<JsonObject, string>();
  #last: Known | undefined;

  /**
   * Reads the document. The very same bytes as the last time give the same object as the last time.
   *
   * @param where names the file in errors
   * @throws AppError `invalid_content`
   */
  parse(bytes: Uint8Array, where: string): IndexContent {
    if (this.#last !== undefined && equalBytes(this.#last.bytes, bytes)) return this.#last.content;
    const byLines = this.#parseLines(bytes);
    const content = byLines ?? parseWhole(bytes, where);
    this.#keep({ bytes, content, starts: byLines && startsOf(bytes, content.manifests.length) });
    return content;
  }

  /**
   * Writes the document. What stands before and behind the change is copied from the text before, unless that had
   * another shape: of many MiB a few hundred bytes are new.
   */
  format(content: IndexContent): Uint8Array {
    const { manifests, rest } = content;
    const last = this.#last?.starts === undefined ? NOTHING : this.#last;
    const { before, behind } = sameEnds(last.content.manifests, manifests);
    const middle = manifests.slice(before, manifests.length - behind).map((raw) => this.#lineOf(raw));
    const encoder = new TextEncoder();
    const parts = [
      linesIn(last, 0, before),
      encoder.encode(middle.join(SEPARATOR)),
      linesIn(last, last.content.manifests.length - behind, last.content.manifests.length),
    ].filter(({ length }) => length > 0);
    const separator = encoder.encode(SEPARATOR);
    const bytes = concatBytes([
      encoder.encode(`${JSON.stringify({ ...rest, manifests: [] }).slice(0, -TAIL.length)}\n`),
      ...parts.flatMap((part, i) => i === 0 ? [part] : [separator, part]),
      encoder.encode(`${parts.length > 0 ? "\n" : ""}${TAIL}\n`),
    ]);
    this.#keep({ bytes, content, starts: startsOf(bytes, manifests.length) });
    return bytes;
  }

  /** Undefined for a document of another shape, or a damaged one. */
  #parseLines(bytes: Uint8Array): IndexContent | undefined {
    try {
      const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
      const [head = ""] = lines;
      if (!head.endsWith(HEAD_END) || lines.pop() !== "" || lines.pop() !== TAIL) return undefined;
      // Each part is JSON by itself and the commas are where they must be: so all of it is, and means the same.
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
    const known = this.#byLine.get(line);
    if (known !== undefined) return known;
    const raw = asObject(JSON.parse(line), "");
    // Known by a text of its own, the one that we write: a piece of the file's would keep all of the file in memory.
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

  #keep(known: Known): void {
    this.#last = known;
    const { manifests } = known.content;
    if (this.#byLine.size <= 2 * manifests.length + SPARE_LINES) return;
    this.#byLine.clear();
    for (const raw of manifests) this.#byLine.set(this.#lineOf(raw), raw);
  }
}

const NOTHING: Known = { bytes: new Uint8Array(0), content: { manifests: [], rest: {} }, starts: undefined };

/** How many descriptors are the same at the beginning and, of the others, at the end. */
function sameEnds(
  old: readonly JsonObject[],
  now: readonly JsonObject[],
): { readonly before: number; readonly behind: number } {
  const most = Math.min(old.length, now.length);
  let before = 0;
  while (before < most && old[before] === now[before]) before++;
  let behind = 0;
  while (behind < most - before && old[old.length - 1 - behind] === now[now.length - 1 - behind]) behind++;
  return { before, behind };
}

/** Some lines of a text, with what is between them and nothing around them. */
function linesIn({ bytes, starts, content }: Known, from: number, to: number): Uint8Array {
  if (starts === undefined || from >= to) return NOTHING.bytes;
  const next = starts[to] ?? 0;
  return bytes.subarray(starts[from], next - (to === content.manifests.length ? 1 : SEPARATOR.length));
}

function startsOf(bytes: Uint8Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  let at = 0;
  for (let i = 0; i <= count; i++) {
    at = bytes.indexOf(NEWLINE, at) + 1;
    starts[i] = at;
  }
  return starts;
}

function parseWhole(bytes: Uint8Array, where: string): IndexContent {
  const { manifests, ...rest } = parseJsonObject(bytes, where);
  // Go encoders write null for an empty list.
  const list = asArray(manifests ?? [], `${where}, manifests`);
  return { manifests: list.map((item, i) => asObject(item, `${where}, manifests[${i}]`)), rest };
}
