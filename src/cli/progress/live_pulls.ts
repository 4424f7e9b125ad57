/**
 * Pulls on a terminal, as lines that are redrawn: one pull of this process, or all pulls of a server.
 *
 * @module
 */
import type { FeedLine } from "../../cri/pulls/progress_feed.ts";
import { printable } from "../output/text.ts";
import type { StyledLine } from "./line.ts";
import { eventOfLine } from "./line_event.ts";
import { LiveLines, type LiveOptions } from "./live.ts";
import { PullModel, retainedBytesOf } from "./model.ts";
import type { PullProgress } from "./progress.ts";
import { pullLines } from "./pull_lines.ts";

/** Shows one pull. Warnings are printed above its lines. */
export function livePull(name: string, options: LiveOptions): PullProgress {
  const { clock } = options;
  const model = new PullModel(name, clock.now());
  const live = new LiveLines((size, now) => pullLines(model.view(now), size, now), options);
  return {
    onEvent(event) {
      model.apply(event, clock.now());
      if (event.kind === "warning") live.print(`dray: warning: ${printable(event.message)}`);
    },
    end(outcome) {
      model.end(outcome);
      live[Symbol.dispose]();
    },
    retainedBytes: () => retainedBytesOf(model.view(clock.now())),
  };
}

/** Shows many pulls. Dispose it: the final state stays on the screen. */
export interface PullsView extends Disposable {
  apply(line: FeedLine): void;
}

/** The minimum of rows per pull: its name, one layer or the number of hidden ones, and the total. */
const ROWS_MIN = 3;

/** Shows all pulls of a server: the bars of running ones, and above them one line per pull that has ended. */
export function livePulls(options: LiveOptions): PullsView {
  const { clock } = options;
  const models = new Map<string, PullModel>();
  const live = new LiveLines((size, now) => {
    const rows = Math.max(ROWS_MIN + 1, Math.floor((size.rows - 1) / Math.max(1, models.size)));
    const lines: StyledLine[] = [];
    for (const model of models.values()) {
      const more = pullLines(model.view(now), { columns: size.columns, rows }, now);
      // Rows that have scrolled off the screen can't be redrawn.
      if (lines.length + more.length >= size.rows) break;
      lines.push(...more);
    }
    return lines;
  }, options);
  return {
    apply(line) {
      const model = models.get(line.pull) ?? new PullModel(line.name, clock.now());
      const event = eventOfLine(line);
      if (line.event === "end") {
        models.delete(line.pull);
        live.print(`${line.outcome}: ${printable(line.name)}`);
        return;
      }
      models.set(line.pull, model);
      if (event !== undefined) model.apply(event, clock.now());
    },
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}
