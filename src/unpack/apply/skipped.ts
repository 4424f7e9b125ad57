/**
 * Counts entries and attributes that could not be unpacked, so that every loss is reported.
 *
 * @module
 */

/** A kind of skipped entry or attribute, with the reason. */
export type SkippedKind =
  /** The owner could not be set; the node belongs to the user who unpacks. */
  | "owner"
  /** An extended attribute, for example a file capability, could not be set. */
  | "xattr"
  /** The archive has an attribute that controls overlayfs; such attributes are never set. */
  | "overlay-xattr"
  /** A device node could not be created. */
  | "device"
  /** A FIFO could not be created. */
  | "fifo"
  /** A name or link target is not UTF-8, and can't be written without libc. */
  | "name";

/** Skipped entries or attributes of one kind. */
export interface SkippedItem {
  /** The kind. */
  readonly kind: SkippedKind;
  /** How many were skipped. */
  readonly count: number;
  /** The first few, as paths in the tree; for an xattr, the path and the attribute's name. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

type Phrase = readonly [one: string, many: string, result: string];

const PHRASES: Readonly<Record<SkippedKind, Phrase>> = {
  owner: ["owner", "owners", "could not be set"],
  xattr: ["extended attribute", "extended attributes", "could not be set"],
  "overlay-xattr": ["overlayfs attribute", "overlayfs attributes", "ignored"],
  device: ["device", "devices", "could not be created"],
  fifo: ["FIFO", "FIFOs", "could not be created"],
  name: ["non-UTF-8 name", "non-UTF-8 names", "could not be written"],
};

/**
 * Formats a count for messages: `21 owners could not be set`.
 *
 * @param kind a {@linkcode SkippedKind}, or one that a newer version wrote to a layer's marker file
 */
export function formatSkipped({ kind, count }: { readonly kind: string; readonly count: number }): string {
  const phrase: Phrase | undefined = PHRASES[kind as SkippedKind];
  const [one, many, result] = phrase ?? [kind, kind, "skipped"];
  return `${count} ${count === 1 ? one : many} ${result}`;
}

/** Counts skipped entries and attributes. */
export class Skipped {
  readonly #items = new Map<SkippedKind, { count: number; examples: string[] }>();

  /** Counts one. */
  record(kind: SkippedKind, example: string): void {
    let item = this.#items.get(kind);
    if (item === undefined) this.#items.set(kind, item = { count: 0, examples: [] });
    item.count++;
    if (item.examples.length < EXAMPLES) item.examples.push(example);
  }

  /** Everything recorded so far, by kind. */
  list(): readonly SkippedItem[] {
    return Array.from(
      this.#items,
      ([kind, { count, examples }]) => ({ kind, count, examples: [...examples] }),
    );
  }
}
