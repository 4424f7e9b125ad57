/**
 * The kinds of progress display, and how one is chosen.
 *
 * @module
 */
import type { PullListener } from "../../image/model/events.ts";
import type { PullOutcome } from "../../image/pull/progress_line.ts";

/**
 * Interval of heartbeat lines in a log, in milliseconds: CI systems end a job that prints nothing for
 * minutes.
 */
export const HEARTBEAT_MS = 10_000;

/** How progress is shown. */
export type ProgressKind = "tty" | "plain" | "json" | "none";

/** Shows one pull. End it on every path. */
export interface PullProgress {
  readonly onEvent: PullListener;
  /** Shows the final state. */
  end(outcome: PullOutcome): void;
  /** Bytes of incomplete blobs, from which the next pull resumes. */
  retainedBytes(): number;
}

/**
 * Chooses the kind for `auto`: redrawn lines need a terminal that can move its cursor, and the terminal of a
 * CI system is a log.
 */
export function progressKindFor(
  requested: ProgressKind | "auto",
  terminal: { readonly isTerminal: boolean; readonly isDumb: boolean; readonly isCi: boolean },
): ProgressKind {
  if (requested !== "auto") return requested;
  return terminal.isTerminal && !terminal.isDumb && !terminal.isCi ? "tty" : "plain";
}
