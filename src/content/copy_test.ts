import { assertEquals, assertRejects } from "../../tests/assert.ts";
import { MemoryStore } from "../../tests/fakes/memory_store.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { copyBlob, type CopyEvent } from "./copy.ts";
import type { Fetcher } from "./remote.ts";
import type { Ingester } from "./store.ts";

const BYTES = new Uint8Array(600_000).fill(7);
/** Where the transfer stands when something happens. */
const MIDDLE = 400_000;

/** Gives the bytes; `inTheMiddle` runs at that place, and may throw. */
function fetcherOf(inTheMiddle: () => void): Fetcher {
  return {
    fetch: (_descriptor, { offset = 0 }) => {
      let at = offset;
      return Promise.resolve({
        offset,
        host: "fake",
        read(buffer: Uint8Array) {
          if (at === MIDDLE) inTheMiddle();
          const end = Math.min(at < MIDDLE ? MIDDLE : BYTES.length, at + buffer.length);
          buffer.set(BYTES.subarray(at, end));
          const n = end - at;
          at = end;
          return Promise.resolve(n === 0 ? null : n);
        },
        [Symbol.dispose]() {},
      });
    },
  };
}

Deno.test("copyBlob() keeps what it has when another copy's wrong bytes end it", async (t) => {
  const descriptor: Descriptor = { mediaType: "a/b", digest: await digestOf(BYTES), size: BYTES.length };
  for (const code of ["digest_mismatch", "size_mismatch", "network"] as const) {
    await t.step(code, async () => {
      const store = new MemoryStore();
      const controller = new AbortController();
      const reason = new AppError(code, "The other one is bad");
      const stopped = fetcherOf(() => {
        controller.abort(reason);
        throw reason;
      });
      const events: CopyEvent["kind"][] = [];
      const copy = copyBlob(stopped, store, descriptor, ({ kind }) => events.push(kind), controller.signal);
      assertEquals(await assertRejects(() => copy), reason);
      assertEquals(events.includes("restart"), false);
      const again = await copyBlob(fetcherOf(() => {}), store, descriptor, () => {}, neverAborted());
      assertEquals(again.fetched, BYTES.length - MIDDLE);
    });
  }
});

Deno.test("copyBlob() says that the disk is full, and keeps what it took, if it took a part of a buffer", async () => {
  const descriptor: Descriptor = { mediaType: "a/b", digest: await digestOf(BYTES), size: BYTES.length };
  const store = new MemoryStore();
  const full = new AppError("no_space", "The disk is full");
  let took = 0;
  const ingester: Ingester = {
    async beginIngest(wanted, signal) {
      const ingest = await store.beginIngest(wanted, signal);
      if (ingest === undefined) return undefined;
      const write = ingest.write.bind(ingest);
      ingest.write = (bytes) => {
        if (took > 0) return write(bytes);
        took = 100;
        write(bytes.subarray(0, took));
        throw full;
      };
      return ingest;
    },
  };
  const copy = copyBlob(fetcherOf(() => {}), ingester, descriptor, () => {}, neverAborted());
  assertEquals(await assertRejects(() => copy), full);
  await using ingest = await store.beginIngest(descriptor, neverAborted());
  assertEquals(ingest?.offset, 100);
});
