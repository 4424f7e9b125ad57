/**
 * Several pulls on one terminal: the bars of those that run, and a line above for each that has ended.
 *
 * @module
 */
import type { FeedLine } from "../../cri/pulls/progress_feed.ts";
import { printable } from "../output/text.ts";
import type { StyledLine } from "./line.ts";
import { eventOfLine } from "./line_event.ts";
import { LiveLines, type LiveOptions } from "./live.ts";
import { PullModel } from "./model.ts";
import { pullLines } from "./pull_lines.ts";

/** Shows many pulls. Dispose it: the last state stays on the screen. */
export interface ManyPulls extends Disposable {
  apply(line: FeedLine): void;
}

/** A pull gets at least so many rows: its name, a layer or the word that there are more, and the total. */
const ROWS_MIN = 3;

/** Shows the pulls of a server as they come and go. */
export function manyPulls(options: LiveOptions): ManyPulls {
  const { clock } = options;
  const models = new Map<string, PullModel>();
  const live = new LiveLines((size, now) => {
    const rows = Math.max(ROWS_MIN + 1, Math.floor((size.rows - 1) / Math.max(1, models.size)));
    const lines: StyledLine[] = [];
    for (const model of models.values()) {
      const more = pullLines(model.view(now), { columns: size.columns, rows }, now);
      // Rows that scroll out of the screen can't be drawn over.
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
