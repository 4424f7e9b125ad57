import { neverAborted } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { cutAfter, type Fault, Gate, holdAfter, startRegistry, status } from "../../../tests/registry/mod.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import { type OpenRange, ParallelRangeReader, PART_BYTES } from "./parallel_ranges.ts";
import { TestClock } from "../../http/test_clock.ts";
import { openTestRemote, pushBlob, readTo, someBytes } from "../test_remote.ts";

const SIZE = 5 * PART_BYTES + 1000;
const BYTES = someBytes(SIZE);
const FIRST = 1234;

/** Connections that give the bytes of {@linkcode BYTES}; `gate` is waited for before each opens. */
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

function team(open: OpenRange, signal = neverAborted(), clock = new TestClock()): ParallelRangeReader {
  return new ParallelRangeReader({ first: FIRST, size: SIZE, speed: 1, latency: 0 }, open, clock, signal);
}

Deno.test("Parts come in order, whichever helper is first", async () => {
  const second = Promise.withResolvers<void>();
  const { open } = opener(async (first) => {
    // The first part comes only when the second is on its way.
    if (first === FIRST) await second.promise;
    else second.resolve();
  });
  using helpers = team(open);
  const got = new Uint8Array(SIZE - FIRST);
  for (let at = 0; at < got.length;) {
    const n = await helpers.read(got.subarray(at, at + 300_000));
    assert(n !== undefined);
    at += n;
  }
  assert(got.every((byte, i) => byte === BYTES[FIRST + i]));
});

Deno.test("Helpers don't run ahead of who reads", async () => {
  const { open, opened } = opener();
  using helpers = team(open);
  await helpers.read(new Uint8Array(10));
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  assert(opened.length <= 4, `${opened.length} parts for two helpers`);
});

Deno.test("A helper that fails gives the body back at the byte that is next", async () => {
  const { open } = opener((first) =>
    first === FIRST ? Promise.resolve() : Promise.reject(new AppError("network", "no ranges today"))
  );
  using helpers = team(open);
  let at = FIRST;
  for (;;) {
    const buffer = new Uint8Array(300_000);
    const n = await helpers.read(buffer);
    if (n === undefined) break;
    assert(buffer.subarray(0, n).every((byte, i) => byte === BYTES[at + i]));
    at += n;
  }
  assert(at <= FIRST + PART_BYTES / 2);
});

Deno.test("A team that has given all it was to fetch says so", async () => {
  const { open } = opener();
  using helpers = team(open);
  const buffer = new Uint8Array(MIB);
  let left = SIZE - FIRST;
  while (left > 0) left -= await helpers.read(buffer) ?? 0;
  assertEquals([left, await helpers.read(buffer)], [0, undefined]);
});

Deno.test("An abort ends a wait for helpers", async () => {
  const controller = new AbortController();
  const { open } = opener(() => new Promise(() => {}));
  using helpers = team(open, controller.signal);
  const reading = helpers.read(new Uint8Array(1));
  controller.abort(new Error("enough"));
  await assertRejects(() => reading);
});

Deno.test("A team begins with what gives twice the speed of one, in parts that are long against their wait", () => {
  const cases = [
    { speed: 20 * MIB, latency: 1, helpers: 2, bytes: 2 * MIB },
    { speed: 20 * MIB, latency: 10, helpers: 2, bytes: 3.2 * MIB },
    { speed: 40 * MIB, latency: 100, helpers: 4, bytes: 4 * MIB },
    { speed: 40 * MIB, latency: 1000, helpers: 8, bytes: 4 * MIB },
  ];
  for (const { speed, latency, helpers, bytes } of cases) {
    const ranges: number[] = [];
    const open: OpenRange = (first, end) => {
      ranges.push(end - first);
      return new Promise(() => {});
    };
    using _team = new ParallelRangeReader(
      { first: 0, size: 100 * MIB, speed, latency },
      open,
      new TestClock(),
      neverAborted(),
    );
    assertEquals(ranges, new Array(helpers).fill(Math.ceil(bytes)));
  }
});

Deno.test("More helpers come once the sum has grown, however long new connections take to their speed", async (t) => {
  // Mebibytes in each window; one connection alone gave 4.
  const cases = [
    ["at once", [8], 4],
    ["after a slow start", [1, 2, 3, 4, 6], 4],
    ["again", [6, 8], 8],
    ["not on a line that is full", [4, 4, 4, 4, 8, 8], 2],
  ] as const;
  for (const [what, windows, want] of cases) {
    await t.step(what, async () => {
      const clock = new TestClock();
      const reads: (() => void)[] = [];
      let helpers = 0;
      const open: OpenRange = () => {
        helpers++;
        return Promise.resolve(
          {
            read: (buffer: Uint8Array) =>
              new Promise((resolve) => reads.push(() => resolve(Math.min(buffer.length, MIB / 2)))),
            [Symbol.dispose]: () => void helpers--,
          } as unknown as MonitoredResponse,
        );
      };
      const settle = async () => {
        for (let i = 0; i < 30; i++) await Promise.resolve();
      };
      const task = { first: 0, size: 1000 * MIB, speed: 16 * MIB, latency: 0 };
      using helped = new ParallelRangeReader(task, open, clock, neverAborted());
      // Somebody reads all that comes.
      (async () => {
        const buffer = new Uint8Array(4 * MIB);
        while (await helped.read(buffer) !== undefined);
      })().catch(() => {});
      let most = 0;
      for (const mebibytes of windows) {
        for (let i = 0; i < 2 * mebibytes; i++) {
          if (i === 2 * mebibytes - 1) clock.advance(250);
          await settle();
          const read = reads.shift();
          assert(read !== undefined, "somebody reads");
          read();
        }
        await settle();
        most = Math.max(most, helpers);
      }
      assertEquals(most, want);
    });
  }
});

/** Sends pieces, and lets so many milliseconds pass with each: a slow and steady connection. */
function slowly(clock: TestClock, ms = 100): Fault {
  return (answer) =>
    answer.body === undefined ? answer : {
      ...answer,
      body: {
        ...answer.body,
        chunks: (function* (chunks) {
          for (const chunk of chunks) {
            for (let at = 0; at < chunk.length; at += MIB) {
              clock.advance(ms);
              yield chunk.subarray(at, at + MIB);
            }
          }
        })(answer.body.chunks as Iterable<Uint8Array<ArrayBuffer>>),
      },
    };
}

Deno.test("A body from a slow host is whole, with helpers, and with helpers that are refused", async (t) => {
  // Long against what the sockets take before anybody reads, in which the clock runs on unseen.
  const bytes = someBytes(40 * MIB, 7);
  for (const refuses of [false, true]) {
    await t.step(refuses ? "refused" : "helped", async () => {
      await using registry = await startRegistry();
      using test = openTestRemote(registry);
      const descriptor = await pushBlob(bytes, registry);
      registry.fault({ kind: "blob", times: Infinity }, (answer, exchange) => {
        const range = exchange.request.headers.get("range") ?? "";
        return refuses && /-[0-9]/.test(range)
          ? status(503)(answer, exchange)
          : slowly(test.clock)(answer, exchange);
      });
      using body = await test.remote.fetch(descriptor, { isDominant: true }, neverAborted());
      const got = new Uint8Array(bytes.length + 1);
      assertEquals(await readTo(body, got, got.length), bytes.length);
      assert(bytes.every((byte, i) => byte === got[i]));
      const ranges = registry.requests.all.filter(({ headers }) => headers.get("range") !== null);
      assert(ranges.length > 0, "somebody helped");
    });
  }
});

Deno.test("A body that is nearly here is not shared out", async () => {
  // Steady after a half of it, at 100 MiB in a second.
  const bytes = someBytes(96 * MIB, 8);
  await using registry = await startRegistry();
  using test = openTestRemote(registry);
  const descriptor = await pushBlob(bytes, registry);
  registry.fault({ kind: "blob", times: Infinity }, slowly(test.clock, 10));
  using body = await test.remote.fetch(descriptor, { isDominant: true }, neverAborted());
  const got = new Uint8Array(bytes.length + 1);
  assertEquals(await readTo(body, got, got.length), bytes.length);
  assert(registry.requests.all.every(({ headers }) => headers.get("range") === null), "nobody helped");
});

Deno.test("A body whose last part breaks off while the others help is whole all the same", async () => {
  const bytes = someBytes(48 * MIB, 9);
  await using registry = await startRegistry();
  using test = openTestRemote(registry);
  const descriptor = await pushBlob(bytes, registry);
  const gate = new Gate();
  registry.fault({ kind: "blob", times: Infinity }, async (answer, exchange) => {
    const range = exchange.request.headers.get("range");
    if (range === null) return slowly(test.clock)(answer, exchange);
    if (!range.endsWith(`-${bytes.length - 1}`)) return answer;
    return cutAfter(4 * MIB)(await holdAfter(3 * MIB, gate)(answer, exchange), exchange);
  });
  using body = await test.remote.fetch(descriptor, { isDominant: true }, neverAborted());
  const got = new Uint8Array(bytes.length);
  for (let at = 0; at < got.length;) {
    at += await body.read(got.subarray(at, at + MIB)) ?? 0;
    if (at > 24 * MIB) gate.open();
  }
  assertEquals(await body.read(new Uint8Array(1)), null);
  assert(bytes.every((byte, i) => byte === got[i]));
});
