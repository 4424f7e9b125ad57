/**
 * Beginning many small pieces of work without keeping everything else waiting.
 *
 * @module
 */
import type { OnBegin } from "./limiter.ts";
import { after } from "./timer.ts";

/** A bound for `mapBounded` that grows from a few to the whole. */
export interface SlowStart {
  /** How many begin at once. */
  readonly limit: number;
  readonly onBegin: OnBegin;
}

/**
 * Lets work begin `step` pieces at a time, with a turn of the event loop between them: what each does before its first
 * wait adds up, and the first ones' requests should be on their way meanwhile.
 *
 * @param limit how many may run at once in the end
 */
export function staggeredStart(limit: number, step: number): SlowStart {
  const first = Math.min(step, limit);
  const onBegin: OnBegin = (raise) => {
    let disarm = () => {};
    const growFrom = (running: number) => {
      if (running >= limit) return;
      disarm = after(0, () => {
        const next = Math.min(running + step, limit);
        raise(next - running);
        growFrom(next);
      });
    };
    growFrom(first);
    return () => disarm();
  };
  return { limit: first, onBegin };
}
