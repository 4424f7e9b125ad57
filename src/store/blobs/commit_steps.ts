/**
 * The points of a write at which a process may die, for the test that dies at each of them.
 *
 * @module
 */

/** Every step between two changes on the disk, in the order of a commit and of an update of the index. */
export const COMMIT_STEPS = [
  /** The ingest's file is there and locked. */
  "ingest-opened",
  /** The ingest's facts are written. */
  "state-written",
  /** Some bytes were written. */
  "data-written",
  /** All bytes are on the disk. */
  "data-synced",
  /** The blob has its name. */
  "renamed",
  /** The name is on the disk. */
  "directory-synced",
  /** Nothing of the ingest is left. */
  "ingest-removed",
  /** The new index is written aside. */
  "index-written",
  /** Its bytes are on the disk. */
  "index-synced",
  /** It has taken the old one's place. */
  "index-renamed",
  /** So also on the disk. */
  "index-directory-synced",
] as const;

/** One of {@linkcode COMMIT_STEPS}. */
export type CommitStep = typeof COMMIT_STEPS[number];

/** Hears of each step right after it was done. */
export type OnStep = (step: CommitStep) => void;
