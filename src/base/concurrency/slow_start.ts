/**
 * Starting many small tasks without blocking the event loop.
 *
 * @module
 */
import type { OnBegin } from "./limiter.ts";
import { after } from "./timer.ts";

/** A limit for `mapBounded` that grows to its final value. */
export interface SlowStart {
  /** How many tasks start immediately. */
  readonly limit: number;
  readonly onBegin: OnBegin;
}

/**
 * Starts `step` tasks per turn of the event loop. The synchronous part of each task adds up; between the
 * turns the first tasks can already send their requests.
 *
 * @param limit how many tasks may run in parallel in the end
 */
export function staggeredStart(limit: number, step: number): SlowStart {
  const first = Math.min(step, limit);
  const onBegin: OnBegin = (raise) => {
    let cancel = () => {};
    const growFrom = (running: number) => {
      if (running >= limit) return;
      cancel = after(0, () => {
        const next = Math.min(running + step, limit);
        raise(next - running);
        growFrom(next);
      });
    };
    growFrom(first);
    return () => cancel();
  };
  return { limit: first, onBegin };
}
