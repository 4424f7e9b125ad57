/**
 * `dray progress`
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { FeedLine } from "../../cri/pulls/progress_feed.ts";
import type { Context } from "../context.ts";
import { type ManyPulls, manyPulls } from "../progress/many.ts";
import { parseHttpAddress } from "../serve/address.ts";
import { readEvents } from "../serve/events.ts";
import { DEFAULT_HTTP, type PROGRESS } from "../table/serve.ts";
import type { InputOf } from "../table/types.ts";

/** Shows what runs now, and goes on if it shall. */
export async function run({ options }: InputOf<typeof PROGRESS>, context: Context): Promise<void> {
  const { signal } = context;
  const shown = options.http ?? DEFAULT_HTTP;
  const address = parseHttpAddress(shown, "--http");
  using view = openView(options.json, context);
  try {
    for await (const { event, data } of readEvents(address, shown, "/progress", signal)) {
      // What ran when we came has been told.
      if (event === "current" && !options.follow) return;
      if (event === "progress") view.apply(lineIn(data, shown));
    }
  } catch (error) {
    // Following ends by Ctrl-C: that is no failure.
    if (!signal.aborted || !options.follow) throw error;
  }
}

function openView(json: boolean, { io, environment, clock }: Context): ManyPulls {
  const { isTerminal } = io.stdout;
  if (json || !isTerminal || environment.isDumb || environment.isCi) {
    return { apply: (line) => io.stdout.write(`${JSON.stringify(line)}\n`), [Symbol.dispose]() {} };
  }
  const terminal = { write: (text: string) => io.stdout.write(text), size: () => io.size() };
  return manyPulls({ terminal, clock, colours: !environment.noColour });
}

function lineIn(data: string, shown: string): FeedLine {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new AppError("network", `Cannot read the progress at "${shown}": an event is no JSON`, { cause });
  }
}
