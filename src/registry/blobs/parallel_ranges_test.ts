import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { RANGE_MAX_BYTES } from "../../base/tuning.ts";
import { AppError } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { cutAfter, type Fault, Gate, holdAfter, startRegistry, status } from "../../../tests/registry/mod.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import { type OpenRange, ParallelRangeReader } from "./parallel_ranges.ts";
import { TestClock } from "../../http/test_clock.ts";
import { openTestRemote, pushBlob, readTo, someBytes } from "../test_remote.ts";

const SIZE = 5 * RANGE_MAX_BYTES + 1000;
const BYTES = someBytes(SIZE);
const FIRST = 1234;

/** Connections that deliver the bytes of {@linkcode BYTES}; each waits for `gate` before it opens. */
function opener(gate: (first: number) => Promise<void> = () => Promise.resolve()) {
  const opened: number[] = [];
  const open: OpenRange = async (first, end, signal) => {
    opened.push(first);
    await gate(first);
    signal.throwIfAborted();
    let at = first;
    return {
      read(buffer: Uint8Array) {
        if (at === end) return Promise.resolve(null);
        const part = BYTES.subarray(at, Math.min(end, at + Math.min(buffer.length, 700_000)));
        buffer.set(part);
        at += part.length;
        return Promise.resolve(part.length);
      },
      [Symbol.dispose]() {},
    } as unknown as MonitoredResponse;
  };
  return { open, opened };
}

function startReader(open: OpenRange, signal = neverAborted(), clock = new TestClock()): ParallelRangeReader {
  return new ParallelRangeReader({ first: FIRST, end: SIZE, rate: 1, latency: 0 }, open, clock, signal);
}

Deno.test("Bytes arrive in order, whichever range is first", async () => {
  const second = Promise.withResolvers<void>();
  const { open } = opener(async (first) => {
    // The first range responds only after the second has been requested.
    if (first === FIRST) await second.promise;
    else second.resolve();
  });
  using reader = startReader(open);
  const got = new Uint8Array(SIZE - FIRST);
  for (let at = 0; at < got.length;) {
    const n = await reader.read(got.subarray(at, at + 300_000));
    assert(n !== undefined);
    at += n;
  }
  assert(got.every((byte, i) => byte === BYTES[FIRST + i]));
});

Deno.test("A range that stalls ends the reader within seconds, even if others arrive", async () => {
  const clock = new TestClock();
  const { open } = opener((first) => first === FIRST ? new Promise(() => {}) : Promise.resolve());
  using reader = startReader(open, neverAborted(), clock);
  const read = reader.read(new Uint8Array(10));
  await clock.untilTimer();
  clock.advance(5_000);
  assertEquals(await read, undefined);
});

Deno.test("Workers don't run ahead of the reader", async () => {
  const { open, opened } = opener();
  using reader = startReader(open);
  await reader.read(new Uint8Array(10));
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  assert(opened.length <= 4, `${opened.length} ranges for two workers`);
});

Deno.test("A failed range ends the reader at the next byte", async () => {
  const { open } = opener((first) =>
    first === FIRST ? Promise.resolve() : Promise.reject(new AppError("network", "no ranges today"))
  );
  using reader = startReader(open);
  let at = FIRST;
  for (;;) {
    const buffer = new Uint8Array(300_000);
    const n = await reader.read(buffer);
    if (n === undefined) break;
    assert(buffer.subarray(0, n).every((byte, i) => byte === BYTES[at + i]));
    at += n;
  }
  assert(at <= FIRST + RANGE_MAX_BYTES / 2);
});

Deno.test("A reader that has delivered all bytes returns undefined", async () => {
  const { open } = opener();
  using reader = startReader(open);
  const buffer = new Uint8Array(MIB);
  let left = SIZE - FIRST;
  while (left > 0) left -= await reader.read(buffer) ?? 0;
  assertEquals([left, await reader.read(buffer)], [0, undefined]);
});

Deno.test("An abort ends a pending read", async () => {
  const controller = new AbortController();
  const { open } = opener(() => new Promise(() => {}));
  using reader = startReader(open, controller.signal);
  const reading = reader.read(new Uint8Array(1));
  controller.abort(new Error("enough"));
  await assertRejects(() => reading);
});

Deno.test("A reader starts with enough workers to double the throughput, and with ranges that are long compared to the latency", () => {
  const cases = [
    { rate: 20 * MIB, latency: 1, workers: 2, bytes: 2 * MIB },
    { rate: 20 * MIB, latency: 10, workers: 2, bytes: 3.2 * MIB },
    { rate: 40 * MIB, latency: 100, workers: 4, bytes: 4 * MIB },
    { rate: 40 * MIB, latency: 1000, workers: 8, bytes: 4 * MIB },
  ];
  for (const { rate, latency, workers, bytes } of cases) {
    const ranges: number[] = [];
    const open: OpenRange = (first, end) => {
      ranges.push(end - first);
      return new Promise(() => {});
    };
    using _reader = new ParallelRangeReader(
      { first: 0, end: 100 * MIB, rate, latency },
      open,
      new TestClock(),
      neverAborted(),
    );
    assertEquals(ranges, new Array(workers).fill(Math.ceil(bytes)));
  }
});

Deno.test("More workers start once total throughput has grown, however slowly new connections start", async (t) => {
  // Mebibytes in each window; a single connection received 4.
  const cases = [
    ["immediately", [8], 4],
    ["after a slow start", [1, 2, 3, 4, 6], 4],
    ["again", [6, 8], 8],
    ["not on a saturated link", [4, 4, 4, 4, 8, 8], 2],
  ] as const;
  for (const [what, windows, want] of cases) {
    await t.step(what, async () => {
      const clock = new TestClock();
      const reads: (() => void)[] = [];
      let open = 0;
      const openRange: OpenRange = () => {
        open++;
        return Promise.resolve(
          {
            read: (buffer: Uint8Array) =>
              new Promise((resolve) => reads.push(() => resolve(Math.min(buffer.length, MIB / 2)))),
            [Symbol.dispose]: () => void open--,
          } as unknown as MonitoredResponse,
        );
      };
      const settle = async () => {
        for (let i = 0; i < 30; i++) await Promise.resolve();
      };
      const task = { first: 0, end: 1000 * MIB, rate: 16 * MIB, latency: 0 };
      using reader = new ParallelRangeReader(task, openRange, clock, neverAborted());
      // Reads everything that arrives.
      (async () => {
        const buffer = new Uint8Array(4 * MIB);
        while (await reader.read(buffer) !== undefined);
      })().catch(() => {});
      let most = 0;
      for (const mebibytes of windows) {
        for (let i = 0; i < 2 * mebibytes; i++) {
          if (i === 2 * mebibytes - 1) clock.advance(250);
          await settle();
          const read = reads.shift();
          assert(read !== undefined, "a read is pending");
          read();
        }
        await settle();
        most = Math.max(most, open);
      }
      assertEquals(most, want);
    });
  }
});

/** Sends a mebibyte per `ms` milliseconds: a slow and steady connection. */
function slowly(clock: TestClock, ms = 100): Fault {
  return (response) =>
    response.body === undefined ? response : {
      ...response,
      body: {
        ...response.body,
        chunks: (function* (chunks) {
          for (const chunk of chunks) {
            for (let at = 0; at < chunk.length; at += MIB) {
              clock.advance(ms);
              yield chunk.subarray(at, at + MIB);
            }
          }
        })(response.body.chunks as Iterable<Uint8Array<ArrayBuffer>>),
      },
    };
}

Deno.test("A body from a slow host is complete, with ranges and with refused ranges", async (t) => {
  // Long compared to the sockets' buffers, during which the clock advances without being measured.
  const bytes = someBytes(40 * MIB, 7);
  for (const refuses of [false, true]) {
    await t.step(refuses ? "refused" : "accepted", async () => {
      await using registry = await startRegistry();
      using test = openTestRemote(registry);
      const descriptor = await pushBlob(bytes, registry);
      registry.fault({ kind: "blob", times: Infinity }, (response, exchange) => {
        const range = exchange.request.headers.get("range") ?? "";
        return refuses && /-[0-9]/.test(range)
          ? status(503)(response, exchange)
          : slowly(test.clock)(response, exchange);
      });
      using body = await test.remote.fetch(descriptor, { strategy: "parallel" }, neverAborted());
      const got = new Uint8Array(bytes.length + 1);
      assertEquals(await readTo(body, got, got.length), bytes.length);
      assert(bytes.every((byte, i) => byte === got[i]));
      const ranges = registry.requests.all.filter(({ headers }) => headers.get("range") !== null);
      assert(ranges.length > 0, "ranges were requested");
    });
  }
});

Deno.test("A body that is nearly complete is not split", async () => {
  // Steady after half of it, at 100 MiB/s.
  const bytes = someBytes(96 * MIB, 8);
  await using registry = await startRegistry();
  using test = openTestRemote(registry);
  const descriptor = await pushBlob(bytes, registry);
  registry.fault({ kind: "blob", times: Infinity }, slowly(test.clock, 10));
  using body = await test.remote.fetch(descriptor, { strategy: "parallel" }, neverAborted());
  const got = new Uint8Array(bytes.length + 1);
  assertEquals(await readTo(body, got, got.length), bytes.length);
  assert(
    registry.requests.all.every(({ headers }) => headers.get("range") === null),
    "no range was requested",
  );
});

Deno.test("A body is complete even if the probe fails while ranges are read", async () => {
  const bytes = someBytes(48 * MIB, 9);
  await using registry = await startRegistry();
  using test = openTestRemote(registry);
  const descriptor = await pushBlob(bytes, registry);
  const gate = new Gate();
  registry.fault({ kind: "blob", times: Infinity }, async (response, exchange) => {
    const range = exchange.request.headers.get("range");
    if (range === null) return slowly(test.clock)(response, exchange);
    if (!range.endsWith(`-${bytes.length - 1}`)) return response;
    return cutAfter(4 * MIB)(await holdAfter(3 * MIB, gate)(response, exchange), exchange);
  });
  using body = await test.remote.fetch(descriptor, { strategy: "parallel" }, neverAborted());
  const got = new Uint8Array(bytes.length);
  for (let at = 0; at < got.length;) {
    at += await body.read(got.subarray(at, at + MIB)) ?? 0;
    if (at > 24 * MIB) gate.open();
  }
  assertEquals(await body.read(new Uint8Array(1)), null);
  assert(bytes.every((byte, i) => byte === got[i]));
});
