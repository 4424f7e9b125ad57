import { assertEquals } from "../../../tests/assert.ts";
import { AdaptiveConcurrency, type ConcurrencyLimits } from "./adaptive_concurrency.ts";
import { DISTANT_HOST_MS, LARGE_WORKER_MAX_RATE, LARGE_WORKERS_MAX, RATE_WINDOW_MS } from "../tuning.ts";

const MB = 1_000_000;

/** Limits as for the large blobs of a pull. */
const LARGE = {
  maxWorkers: LARGE_WORKERS_MAX,
  windowMs: RATE_WINDOW_MS,
  maxRatePerWorker: LARGE_WORKER_MAX_RATE,
  onlySteadyRates: true,
  distantMs: DISTANT_HOST_MS,
};

/** The workers that are added when this many megabytes arrive in each quarter of a second. */
function addedFor(
  workers: number,
  responseMs: number,
  windows: readonly number[],
  { isFrozen = false, limits = LARGE }: {
    readonly isFrozen?: boolean;
    readonly limits?: Omit<ConcurrencyLimits, "workers">;
  } = {},
): readonly number[] {
  let now = 1000;
  const added: number[] = [];
  const concurrency = new AdaptiveConcurrency({ ...limits, workers, now: () => now });
  concurrency.start((count) => added.push(count));
  now += responseMs;
  if (isFrozen) concurrency.freeze();
  concurrency.recordResponse();
  concurrency.recordResponse();
  for (const megabytes of windows) {
    for (let i = 0; i < 10; i++) {
      now += 25;
      concurrency.record(megabytes * MB / 10);
    }
  }
  return added;
}

Deno.test("Slow and steady connections get more workers while total throughput grows", () => {
  assertEquals(addedFor(2, 5, [10]), []);
  assertEquals(addedFor(2, 5, [10, 10]), [2]);
  assertEquals(addedFor(2, 5, [10, 10, 20, 20]), [2, 4]);
  assertEquals(addedFor(2, 5, [10, 10, 20, 20, 40, 40, 80, 80]), [2, 4, 2]);
});

Deno.test("A saturated link gets more workers once; unsteady or fast connections get none", () => {
  assertEquals(addedFor(2, 5, [10, 10, 10, 10, 10]), [2]);
  assertEquals(addedFor(2, 5, [2, 4, 8, 16]), []);
  assertEquals(addedFor(2, 5, [16, 8, 4, 2]), []);
  assertEquals(addedFor(2, 5, [30, 30, 30]), []);
  assertEquals(addedFor(20, 100, [10, 10, 10]), []);
});

Deno.test("A distant host gets more connections with its first response, a near one doesn't", () => {
  assertEquals(addedFor(6, 100, []), [4]);
  assertEquals(addedFor(6, 50, []), []);
});

Deno.test("freeze() adds no more workers, however late the response", () => {
  assertEquals(addedFor(6, 5000, [10, 10, 10], { isFrozen: true }), []);
});

Deno.test("windowsWithoutGrowth ends the search, but windows of rising throughput don't count", () => {
  const limits = {
    maxWorkers: 8,
    windowMs: RATE_WINDOW_MS,
    baseline: 4 * 10 * MB,
    windowsWithoutGrowth: 2,
  };
  assertEquals(addedFor(2, 5, [20], { limits }), [2]);
  assertEquals(addedFor(2, 5, [2, 4, 8, 20], { limits }), [2]);
  assertEquals(addedFor(2, 5, [10, 10, 10, 10, 20, 20], { limits }), []);
});
