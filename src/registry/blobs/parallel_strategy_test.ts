import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { RANGE_MAX_BYTES } from "../../base/tuning.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { TestClock } from "../../http/test_clock.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import { someBytes } from "../test_remote.ts";
import type { OpenRange } from "./parallel_ranges.ts";
import { ParallelStrategy } from "./parallel_strategy.ts";

const SIZE = 40 * MIB + 17;
const BYTES = someBytes(SIZE, 3);
/** The connection reaches this offset when the probe has been compared: after two windows of 300 ms and one read. */
const SPLIT_AT = 7 * MIB;
const RANGES_FIRST = SPLIT_AT + RANGE_MAX_BYTES;

/** A response that delivers the bytes from `first` up to `end`, a mebibyte per read. */
function responseOf(first: number, end: number, onRead = () => {}): MonitoredResponse {
  let offset = first;
  return {
    read(buffer: Uint8Array) {
      onRead();
      const part = BYTES.subarray(offset, Math.min(end, offset + Math.min(buffer.length, MIB)));
      buffer.set(part);
      offset += part.length;
      return Promise.resolve(part.length === 0 ? null : part.length);
    },
    [Symbol.dispose]() {},
  } as unknown as MonitoredResponse;
}

/** A strategy whose connection receives 10 MiB/s, and a loop that reads with it as a body does. */
function start(open: OpenRange) {
  const clock = new TestClock();
  const strategy = new ParallelStrategy({ size: SIZE, rangesAt: () => open }, clock, neverAborted());
  const got = new Uint8Array(SIZE);
  const connection = responseOf(0, SIZE, () => clock.advance(100));
  let offset = 0;
  const readConnection = async (source = connection) => {
    const n = await strategy.readConnection(source, offset, got.subarray(offset));
    offset += n ?? 0;
    // Lets the probe and the ranges run.
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  const readAhead = () => strategy.readAhead(offset, got.subarray(offset));
  return {
    strategy,
    got,
    readConnection,
    readAhead,
    get offset() {
      return offset;
    },
    advance(n: number) {
      offset += n;
    },
  };
}

Deno.test("ParallelStrategy reads from the connection, then from the ranges, then from the probe", async () => {
  const requested: number[] = [];
  const body = start((first, end) => {
    requested.push(first);
    return Promise.resolve(responseOf(first, end));
  });
  using _strategy = body.strategy;
  let ahead: Promise<number> | undefined;
  while ((ahead = body.readAhead()) === undefined) await body.readConnection();
  assertEquals(body.offset, RANGES_FIRST);
  for (; ahead !== undefined; ahead = body.offset < SIZE ? body.readAhead() : undefined) {
    body.advance(await ahead);
  }
  assertEquals(body.offset, SIZE);
  assert(body.got.every((byte, i) => byte === BYTES[i]));
  const [probe, ...ranges] = requested;
  assertEquals([Math.max(...ranges) < (probe ?? 0), Math.min(...ranges)], [true, RANGES_FIRST]);
});

Deno.test("ParallelStrategy continues with the connection after a range has failed", async () => {
  let requests = 0;
  const body = start((first, end) =>
    requests++ === 0
      ? Promise.resolve(responseOf(first, end))
      : Promise.reject(new AppError("network", "Cannot fetch"))
  );
  using _strategy = body.strategy;
  let ahead: Promise<number> | undefined;
  while ((ahead = body.readAhead()) === undefined) await body.readConnection();
  assertEquals([body.offset, await ahead], [RANGES_FIRST, 0]);
  assertEquals(body.readAhead(), undefined);
  await body.readConnection();
  assertEquals(body.offset, RANGES_FIRST + MIB);
});

Deno.test("ParallelStrategy ends its ranges if the connection fails", async () => {
  const signals: AbortSignal[] = [];
  const body = start((first, end, signal) => {
    signals.push(signal);
    return signals.length === 1 ? Promise.resolve(responseOf(first, end)) : new Promise(() => {});
  });
  using _strategy = body.strategy;
  while (signals.length < 2) await body.readConnection();
  assertEquals(signals[1]?.aborted, false);
  const failing = { read: () => Promise.reject(new AppError("network", "Cannot fetch")) };
  await assertRejects(() => body.readConnection(failing as unknown as MonitoredResponse), AppError);
  assertEquals([signals[0]?.aborted, signals[1]?.aborted], [false, true]);
});
