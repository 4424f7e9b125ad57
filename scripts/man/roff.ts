/**
 * Formats text for man(7).
 *
 * @module
 */

/** Escapes text so that no part of it is a request or an escape sequence. */
export function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("`", "\\(ga")
    .replaceAll("~", "\\(ti").replaceAll("^", "\\(ha").replaceAll("…", "...").replace(/^\./gm, "\\&.");
}

/** A request with quoted arguments. */
export function request(name: string, ...words: readonly string[]): string {
  return [`.${name}`, ...words.map((word) => `"${roff(word).replaceAll('"', "\\(dq")}"`)].join(" ");
}

/** A section heading. */
export function section(title: string): string {
  return request("SH", title.toUpperCase());
}

/** A term in bold with its meaning. */
export function term(name: string, ...meaning: readonly string[]): string {
  return [".TP", request("B", name), ...meaning.map(roff)].join("\n");
}

/** A paragraph. */
export function manParagraph(text: string): string {
  return `.PP\n${roff(text)}`;
}

/** Indented lines that are printed unchanged. */
export function example(lines: readonly string[]): string {
  // A line that is empty would end the paragraph in some formatters.
  return [".PP", ".RS 4", ".nf", ...lines.map((line) => line === "" ? "\\&" : roff(line)), ".fi", ".RE"].join(
    "\n",
  );
}
