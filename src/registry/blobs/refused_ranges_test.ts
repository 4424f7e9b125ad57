import { neverAborted } from "../../base/concurrency/abort.ts";
import { equalBytes } from "../../base/bytes.ts";
import { copyBlob } from "../../content/copy.ts";
import { assert, assertEquals } from "../../../tests/assert.ts";
import { MemoryStore } from "../../../tests/fakes/memory_store.ts";
import {
  contentRange,
  cutAfter,
  type Fault,
  hangUp,
  headers,
  redirectTo,
  startRegistry,
  status,
  withoutLength,
  wrongByte,
} from "../../../tests/registry/mod.ts";
import { fetchAll, openTestRemote, pushBlob, someBytes } from "../test_remote.ts";

const SIZE = 300_000;
const BYTES = someBytes(SIZE);

interface RefusalCase {
  readonly name: string;
  /** Of every request for a range. */
  readonly faults: readonly [Fault, ...Fault[]];
  /** The requested ranges after the first failure; "" means no range. */
  readonly ranges: readonly string[];
}

const RANGE = "bytes=100000-";
const always = (count: number) => Array.from({ length: count }, () => RANGE);

const REFUSALS: readonly RefusalCase[] = [
  ...[400, 401, 403, 404, 405, 410, 416, 501].map((code): RefusalCase => ({
    name: String(code),
    faults: [status(code)],
    ranges: [RANGE, ""],
  })),
  { name: "408", faults: [status(408)], ranges: [...always(2), ""] },
  ...[500, 502, 503].map((code): RefusalCase => ({
    name: String(code),
    faults: [status(code)],
    ranges: [...always(2), ""],
  })),
  { name: "no response", faults: [hangUp()], ranges: [...always(2), ""] },
  { name: "206 without a byte", faults: [cutAfter(0)], ranges: [...always(2), ""] },
  {
    name: "206 with another total",
    faults: [contentRange(`bytes 100000-${SIZE}/${SIZE + 1}`)],
    ranges: [RANGE, ""],
  },
  {
    name: "416 with another total",
    faults: [status(416, { "content-range": "bytes */1000" })],
    ranges: [RANGE, ""],
  },
  {
    name: "an encoding that changes the bytes",
    faults: [headers({ "content-encoding": "x-other" }), withoutLength()],
    ranges: [RANGE, ""],
  },
];

Deno.test("If ranges are refused, the whole blob is requested", async (t) => {
  for (const { name, faults, ranges } of REFUSALS) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      registry.fault({ kind: "blob" }, cutAfter(100_000));
      registry.fault({ kind: "blob", ranged: true, times: 99 }, ...faults);
      using test = openTestRemote(registry, { attempts: 3 });
      const got = await fetchAll(test, blob);
      assert(equalBytes(got.bytes, BYTES));
      // The failure of the first connection is the first attempt.
      assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["", ...ranges]);
    });
  }
});

Deno.test("If ranges are refused, an earlier run's bytes don't prevent a download", async (t) => {
  for (const { name, faults } of REFUSALS) {
    for (const attempts of [1, 5]) {
      await t.step(`${name}, attempts: ${attempts}`, async () => {
        await using registry = await startRegistry();
        const blob = await pushBlob(BYTES, registry);
        registry.fault({ kind: "blob", ranged: true, times: 99 }, ...faults);
        using test = openTestRemote(registry, { attempts });
        const got = await fetchAll(test, blob, 100_000);
        assert(equalBytes(got.bytes, BYTES.subarray(got.offset)));
      });
    }
  }
});

Deno.test("A refusal of ranges is remembered, and a failure by chance isn't", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob" }, cutAfter(100_000));
  registry.fault({ kind: "blob" }, status(503));
  registry.fault({ kind: "blob" }, cutAfter(50_000));
  registry.fault({ kind: "blob", ranged: true, times: 99 }, status(403));
  registry.fault({ kind: "blob", ranged: false }, cutAfter(200_000));
  using test = openTestRemote(registry);
  const got = await fetchAll(test, blob);
  assert(equalBytes(got.bytes, BYTES));
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), [
    "",
    "bytes=100000-",
    "bytes=100000-",
    "bytes=150000-",
    "",
    "",
  ]);
});

Deno.test("A storage that refuses an address gets a new one before the bytes so far are given up", async () => {
  await using registry = await startRegistry();
  await using storage = await startRegistry();
  const blob = await pushBlob(BYTES, registry, storage);
  registry.fault({ kind: "blob", times: 99 }, redirectTo(storage.origin));
  storage.fault({ kind: "blob" }, status(403));
  using test = openTestRemote(registry);
  const got = await fetchAll(test, blob, 100_000);
  assertEquals(got.offset, 100_000);
  assertEquals(storage.requests.of("/blobs/").map(({ range }) => range), always(2));
});

Deno.test("A host with wrong bytes in its ranges doesn't prevent a download", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", ranged: true, times: 99 }, wrongByte(150_000));
  registry.fault({ kind: "blob", times: 3 }, cutAfter(100_000));
  using test = openTestRemote(registry);
  const store = new MemoryStore();
  const result = await copyBlob(test.remote, store, blob, () => {}, neverAborted());
  assertEquals(result.created, true);
  assert(equalBytes(await store.readBlob(blob.digest, SIZE), BYTES));
});
