/**
 * Showing a pull: what all renderers have in common, and which one is right.
 *
 * @module
 */
import type { PullListener } from "../../image/model/events.ts";

/** How progress can be shown. */
export type ProgressKind = "tty" | "plain" | "json" | "none";

/** How a pull ended, for its last lines. */
export type Outcome = "done" | "failed" | "interrupted";

/** Shows one pull. End it on every path. */
export interface PullProgress {
  readonly onEvent: PullListener;
  /** Shows the last state. */
  end(outcome: Outcome): void;
  /** Bytes of blobs that are here and not whole: what the next pull goes on from. */
  keptBytes(): number;
}

/**
 * What `auto` means: redrawn lines need a terminal that can move its cursor, and a CI log is none even where it says
 * that it is.
 */
export function progressKindFor(
  asked: ProgressKind | "auto",
  terminal: { readonly isTerminal: boolean; readonly isDumb: boolean; readonly isCi: boolean },
): ProgressKind {
  if (asked !== "auto") return asked;
  return terminal.isTerminal && !terminal.isDumb && !terminal.isCi ? "tty" : "plain";
}
