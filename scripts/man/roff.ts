/**
 * Text for man(7).
 *
 * @module
 */

/** Escapes text so that nothing in it is a request or an escape. */
export function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("`", "\\(ga")
    .replaceAll("~", "\\(ti").replaceAll("^", "\\(ha").replaceAll("…", "...").replace(/^\./gm, "\\&.");
}

/** A request with words, each quoted. */
export function request(name: string, ...words: readonly string[]): string {
  return [`.${name}`, ...words.map((word) => `"${roff(word).replaceAll('"', "\\(dq")}"`)].join(" ");
}

/** A heading. */
export function section(title: string): string {
  return request("SH", title.toUpperCase());
}

/** A term in bold with what it means. */
export function term(name: string, ...meaning: readonly string[]): string {
  return [".TP", request("B", name), ...meaning.map(roff)].join("\n");
}

/** A paragraph. */
export function paragraph(text: string): string {
  return `.PP\n${roff(text)}`;
}
