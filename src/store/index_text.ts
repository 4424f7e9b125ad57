/**
 * The text of `index.json`: one descriptor a line, so that who has read it before reads only the lines that are new.
 *
 * To every tool it is JSON like any other. A file that another tool wrote in another shape is parsed as a whole.
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";
import { asArray, asObject, type JsonObject, parseJsonObject } from "../oci/json.ts";

/** The file as it was read: descriptors of whoever wrote them, and whatever else stands at the top. */
export interface IndexContent {
  /** Every descriptor, also those that nothing here understands. */
  readonly manifests: readonly JsonObject[];
  /** The fields of the document other than `manifests`. */
  readonly rest: JsonObject;
}

const HEAD_END = '"manifests":[';
const TAIL = "]}";
/** Lines of the past are let go now and then, not each time. */
const SPARE_LINES = 100;

/** Reads and writes the text. A descriptor whose line is the same as before is the same object as before. */
export class IndexText {
  readonly #byLine = new Map<string, JsonObject>();
  readonly #lines = new WeakMap<JsonObject, string>();
  #last: { readonly bytes: Uint8Array; readonly content: IndexContent } | undefined;

  /**
   * Reads the document. The very same bytes as the last time give the same object as the last time.
   *
   * @param where names the file in errors
   * @throws AppError `invalid_content`
   */
  parse(bytes: Uint8Array, where: string): IndexContent {
    if (this.#last !== undefined && equalBytes(this.#last.bytes, bytes)) return this.#last.content;
    const content = this.#parseLines(bytes) ?? parseWhole(bytes, where);
    this.#keep(bytes, content);
    return content;
  }

  /** Writes the document. */
  format(content: IndexContent): Uint8Array {
    const { manifests, rest } = content;
    const head = JSON.stringify({ ...rest, manifests: [] }).slice(0, -TAIL.length);
    const lines = manifests.map((raw) => this.#lineOf(raw));
    const text = `${head}\n${lines.join(",\n")}${lines.length > 0 ? "\n" : ""}${TAIL}\n`;
    const bytes = new TextEncoder().encode(text);
    this.#keep(bytes, content);
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

  #keep(bytes: Uint8Array, content: IndexContent): void {
    this.#last = { bytes, content };
    if (this.#byLine.size <= 2 * content.manifests.length + SPARE_LINES) return;
    this.#byLine.clear();
    for (const raw of content.manifests) this.#byLine.set(this.#lineOf(raw), raw);
  }
}

function parseWhole(bytes: Uint8Array, where: string): IndexContent {
  const { manifests, ...rest } = parseJsonObject(bytes, where);
  // Go encoders write null for an empty list.
  const list = asArray(manifests ?? [], `${where}, manifests`);
  return { manifests: list.map((item, i) => asObject(item, `${where}, manifests[${i}]`)), rest };
}
