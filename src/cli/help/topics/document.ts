/**
 * The contents of a help topic as data, which `dray help` prints on a terminal and the man pages as roff.
 *
 * @module
 */

/** A part of a topic. */
export type TopicBlock =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "terms"; readonly rows: readonly (readonly [term: string, meaning: string])[] }
  /** Lines that are printed unchanged. */
  | { readonly kind: "code"; readonly lines: readonly string[] };

/** The contents of a topic. */
export type TopicDocument = readonly TopicBlock[];

/** A heading. */
export function heading(text: string): TopicBlock {
  return { kind: "heading", text };
}

/** A paragraph. */
export function paragraph(...sentences: readonly string[]): TopicBlock {
  return { kind: "paragraph", text: sentences.join(" ") };
}

/** A list of terms with their meanings. */
export function terms(rows: readonly (readonly [term: string, meaning: string])[]): TopicBlock {
  return { kind: "terms", rows };
}

/** Lines that are printed unchanged, such as a configuration file. */
export function code(text: string): TopicBlock {
  return { kind: "code", lines: text.replace(/^\n|\n$/g, "").split("\n") };
}
