/**
 * Opens the progress display of a pull.
 *
 * @module
 */
import type { Context } from "../context/context.ts";
import type { ProgressKind, PullProgress } from "./progress.ts";

const NO_PROGRESS: PullProgress = { onEvent: () => {}, end: () => {}, retainedBytes: () => 0 };

/** Opens the progress display of one pull. The code of each kind is loaded only when it is used. */
export async function openProgress(
  kind: ProgressKind,
  reference: string,
  { io, environment, clock, messages }: Context,
): Promise<PullProgress> {
  const { write } = io.stderr;
  switch (kind) {
    case "tty": {
      const { livePull } = await import("./live_pulls.ts");
      const colours = !environment.noColour;
      return livePull(reference, { terminal: { write, size: () => io.size() }, clock, colours });
    }
    case "plain":
      return (await import("./plain.ts")).plainProgress(reference, { write, clock });
    case "json":
      return (await import("./json.ts")).jsonProgress(reference, { write, clock, date: () => new Date() });
    case "none":
      return {
        ...NO_PROGRESS,
        onEvent: (event) => event.kind === "warning" && messages.warn(event.message),
      };
  }
}
