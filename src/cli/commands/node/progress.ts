/**
 * `dray progress`
 *
 * @module
 */
import { AppError } from "../../../base/errors.ts";
import type { FeedLine } from "../../../cri/pulls/progress_feed.ts";
import type { Context } from "../../context/context.ts";
import { encodeJson } from "../../output/text.ts";
import { livePulls, type PullsView } from "../../progress/live_pulls.ts";
import { readEvents } from "../../serve/events.ts";
import { DEFAULT_HTTP, parseHttpAddress } from "../../serve/sockets.ts";
import type { InputOf } from "../../table/types.ts";
import type { PROGRESS } from "./spec.ts";

/** Shows the running pulls; with `--follow` until interrupted. */
export async function run({ options }: InputOf<typeof PROGRESS>, context: Context): Promise<void> {
  const { signal } = context;
  const shown = options.http ?? DEFAULT_HTTP;
  const address = parseHttpAddress(shown, "--http");
  using view = openView(options.json, context);
  try {
    for await (const { event, data } of readEvents(address, shown, "/progress", signal)) {
      // The server sends the state of all running pulls before this event.
      if (event === "current" && !options.follow) return;
      if (event === "progress") view.apply(parseLine(data, shown));
    }
  } catch (error) {
    // Ctrl-C is the normal way to stop following.
    if (!signal.aborted || !options.follow) throw error;
  }
}

function openView(json: boolean, { io, environment, clock }: Context): PullsView {
  const { isTerminal } = io.stdout;
  if (json || !isTerminal || environment.isDumb || environment.isCi) {
    return { apply: (line) => io.stdout.write(`${encodeJson(line)}\n`), [Symbol.dispose]() {} };
  }
  const terminal = { write: (text: string) => io.stdout.write(text), size: () => io.size() };
  return livePulls({ terminal, clock, colours: !environment.noColour });
}

function parseLine(data: string, shown: string): FeedLine {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new AppError("network", `Cannot read the progress at "${shown}": an event is not JSON`, { cause });
  }
}
