/**
 * Text output: its width in terminal columns, line breaking, and making untrusted text safe to print.
 *
 * The width is computed here because `unicodeWidth` of @std/cli can't be used: the npm build lacks its data
 * file.
 *
 * @module
 */

/** Characters without a column: combining marks and format characters. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
/** Ranges that are wide or full-width (Unicode 16, UAX 11). */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x17000, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];
/**
 * Control characters, characters that change the direction of text, and invisible characters, with which two names can
 * look equal. The two variation selectors that choose between text and emoji are harmless.
 */
const UNSAFE = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\ufe0e\ufe0f]]/gv;

function charWidth(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(char)) return 0;
  return EMOJI.test(char) || WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** The width in columns of a text without control characters. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/**
 * Replaces control characters by `\x1b` and the like. Labels, tags and error bodies are untrusted; an escape
 * sequence in one of them must not reach the terminal.
 */
export function printable(text: string): string {
  return escapeUnsafe(text, (code) => {
    if (code < 0x100) return `\\x${hex(code, 2)}`;
    return code > 0xffff ? `\\u{${hex(code, 5)}}` : `\\u${hex(code, 4)}`;
  });
}

/** Replaces the characters that {@linkcode printable} replaces. */
export function escapeUnsafe(text: string, escape: (codePoint: number) => string): string {
  return text.replace(UNSAFE, (char) => escape(char.codePointAt(0) ?? 0));
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Pads on the right to a width in columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** Pads on the left to a width in columns. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Shortens a text that is wider than `width` columns; it then ends with `…`. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let short = "";
  let used = 0;
  for (const char of text) {
    used += charWidth(char);
    if (used > width - 1) break;
    short += char;
  }
  return width < 1 ? "" : `${short}…`;
}

/** Breaks a paragraph at spaces into lines of at most `width` columns; a longer word gets its own line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Formats JSON for standard output, with a line break at the end. */
export function jsonText(value: unknown): string {
  return `${encodeJson(value, 2)}\n`;
}

/**
 * Encodes JSON that is safe to print: what {@linkcode printable} would replace is escaped. `JSON.stringify` escapes only
 * the control characters below U+0020.
 *
 * @param indent spaces per level; without it, the result is one line
 */
export function encodeJson(value: unknown, indent?: number): string {
  const units = (code: number) =>
    code === LINE_FEED
      ? "\n"
      : String.fromCodePoint(code).split("").map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`).join("");
  return escapeUnsafe(JSON.stringify(value, null, indent), units);
}

/** Not inside a string, where it is already escaped. */
const LINE_FEED = 10;
