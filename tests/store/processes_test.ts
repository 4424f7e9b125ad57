import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { openStore } from "../../src/store/store.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "../assert.ts";
import { Child } from "./child_process.ts";
import { childSample } from "./child_samples.ts";

const SIZES = [3000, 600_000, 3_000_000];

async function withRoot(run: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-processes-" });
  try {
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("if two processes ingest the same blob, one writes and the other waits", async () => {
  for (const size of SIZES) {
    await withRoot(async (root) => {
      await using first = new Child("hold-ingest", root, String(size));
      assertEquals(await first.line(), "half");
      await using second = new Child("begin-ingest", root, String(size));
      assertEquals(await second.line(), "waiting");
      const store = await openStore(root);
      const { bytes, descriptor } = await childSample(0, size);
      const here = store.beginIngest(descriptor, neverAborted());
      assertEquals(await store.findBlob(descriptor.digest), undefined);
      await first.send();
      assertEquals(await first.line(), "committed");
      assertEquals(await second.rest(), ["found"]);
      assertEquals(await here, undefined);
      assertEquals(await store.readBlob(descriptor.digest, size), bytes);
    });
  }
});

Deno.test("a process that waits for a killed one resumes its partial", async () => {
  for (const size of SIZES) {
    const offset = size / 2;
    await withRoot(async (root) => {
      await using first = new Child("hold-ingest", root, String(size));
      assertEquals(await first.line(), "half");
      const store = await openStore(root);
      const { bytes, descriptor } = await childSample(0, size);
      const waiting = store.beginIngest(descriptor, neverAborted());
      first.kill();
      await using ingest = await waiting;
      assertEquals(ingest?.offset, offset);
      ingest?.write(bytes.subarray(offset));
      await ingest?.commit();
      assertEquals(await store.readBlob(descriptor.digest, size), bytes);
    });
  }
});

Deno.test("a process that waits for another stops at its signal", async () => {
  await withRoot(async (root) => {
    await using first = new Child("hold-ingest", root, "3000");
    assertEquals(await first.line(), "half");
    const store = await openStore(root);
    const { descriptor } = await childSample(0, 3000);
    const controller = new AbortController();
    const waiting = store.beginIngest(descriptor, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting, Error), reason);
    assertEquals(await store.removeIngest(descriptor.digest), false, "the other process is still writing it");
    // On a runtime without tryLock, the aborted wait only ends with the lock, which must not outlive the
    // test.
    first.kill();
    await first.ended();
    assert(await store.removeIngest(descriptor.digest));
  });
});

Deno.test("what another process holds isn't swept until the process is killed, and nothing waits for it", async () => {
  await withRoot(async (root) => {
    const { descriptor: { digest } } = await childSample(0, 3000);
    await using child = new Child("hold-content", root, "3000");
    assertEquals(await child.line(), "holding");
    const store = await openStore(root);
    const isHeld = async () => {
      using sweep = await store.beginSweep(neverAborted());
      return sweep.isHeld(digest);
    };
    assertEquals(await isHeld(), true);
    assertEquals([...Deno.readDirSync(`${root}/locks/content`)].length, 1);
    child.kill();
    await child.ended();
    assertEquals(await isHeld(), false);
    assertEquals([...Deno.readDirSync(`${root}/locks/content`)], []);
  });
});
