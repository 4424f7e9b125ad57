/**
 * A pull on a terminal.
 *
 * @module
 */
import { printable } from "../output/text.ts";
import { keptBytesOf, PullModel } from "./model.ts";
import type { PullProgress } from "./progress.ts";
import { LiveLines, type LiveOptions } from "./live.ts";
import { pullLines } from "./pull_lines.ts";

/** Shows a pull as lines that are redrawn. Warnings stand above them. */
export function ttyProgress(name: string, options: LiveOptions): PullProgress {
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
    keptBytes: () => keptBytesOf(model.view(clock.now())),
  };
}
