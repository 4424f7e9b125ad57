/**
 * Worker threads for tests.
 *
 * @module
 */
import type { StartWorker } from "../src/base/concurrency/worker.ts";

/** Wraps `start` to count the threads that it starts, and those of them that were terminated. */
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
    let isEnded = false;
    worker.terminate = () => {
      // A thread that is slow to start is terminated twice: by its start-up timer and by its owner.
      if (!isEnded) counts.ended++;
      isEnded = true;
      terminate();
    };
    return worker;
  };
  return { counts, counting };
}
