/**
 * What could not be kept, counted: nothing is dropped in silence.
 *
 * @module
 */

/** Why and what. */
export type SkippedKind =
  /** The owner could not be set: things belong to who unpacks. */
  | "owner"
  /** An extended attribute was not set; file capabilities are such ones. */
  | "xattr"
  /** An attribute that only overlayfs itself may write was in the archive. */
  | "overlay-xattr"
  /** A device node was not made. */
  | "device"
  /** A FIFO was not made. */
  | "fifo"
  /** A name or link target that is not UTF-8 can't be written without libc. */
  | "name";

/** One kind of thing that was left out. */
export interface SkippedItem {
  /** What it was. */
  readonly kind: SkippedKind;
  /** How many of them. */
  readonly count: number;
  /** The first few, as paths in the tree; of an xattr, the path and its name. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/** Counts. */
export class Skipped {
  readonly #items = new Map<SkippedKind, { count: number; examples: string[] }>();

  /** Notes one. */
  note(kind: SkippedKind, example: string): void {
    let item = this.#items.get(kind);
    if (item === undefined) this.#items.set(kind, item = { count: 0, examples: [] });
    item.count++;
    if (item.examples.length < EXAMPLES) item.examples.push(example);
  }

  /** What was noted so far. */
  list(): readonly SkippedItem[] {
    return Array.from(
      this.#items,
      ([kind, { count, examples }]) => ({ kind, count, examples: [...examples] }),
    );
  }
}
