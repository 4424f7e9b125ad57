/**
 * Threads for tests.
 *
 * @module
 */
import type { StartWorker } from "../src/base/worker.ts";

/** Starts threads as `start` does, and counts those that were started and ended. */
export function counted(start: StartWorker): {
  readonly counts: { started: number; ended: number };
  readonly counting: StartWorker;
} {
  const counts = { started: 0, ended: 0 };
  const counting: StartWorker = (task) => {
    const worker = start(task);
    if (worker === undefined) return undefined;
    counts.started++;
    const terminate = worker.terminate.bind(worker);
    worker.terminate = () => {
      counts.ended++;
      terminate();
    };
    return worker;
  };
  return { counts, counting };
}
