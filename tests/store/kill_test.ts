import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { assert, assertEquals, assertExists } from "../assert.ts";
import { type Draw, seededRandom } from "../random.ts";
import { collect } from "../contract/content_store_suite.ts";
import { Child } from "./child_process.ts";
import { childSample, nameOfSample } from "./child_samples.ts";
import { COMMIT_STEPS } from "./commit_steps.ts";

/** Samples that each process writes. The next process finds those of the killed one. */
const SAMPLES = 4;
const RANDOM_KILLS = 36;

/** Operations that a process reported as done, which must never be lost. */
interface Promised {
  readonly committed: Set<number>;
  readonly recorded: Set<number>;
}

function listen(promised: Promised, lines: readonly string[]): void {
  for (const line of lines) {
    const [what, i] = line.split(" ");
    if (what === "committed") promised.committed.add(Number(i));
    if (what === "recorded") promised.recorded.add(Number(i));
  }
}

async function assertWhole(store: Store, promised: Promised): Promise<void> {
  for (const { digest, size } of await collect(store.listBlobs())) {
    assertEquals(
      await digestOf(await store.readBlob(digest, size)),
      digest,
      "a stored blob has its digest",
    );
  }
  const names = new Set((await store.listImages()).map(({ name }) => name));
  for (const i of promised.committed) {
    const { descriptor } = await childSample(i);
    assertEquals((await store.findBlob(descriptor.digest))?.size, descriptor.size, `blob ${i} is lost`);
  }
  for (const i of promised.recorded) assert(names.has(nameOfSample(i)), `record ${i} is lost`);
  for (const record of await store.listImages()) {
    assertExists(await store.findBlob(record.manifest.digest), `${record.name} is recorded without its blob`);
  }
}

/** Asserts that every partial is the start of its sample, and can be completed. */
async function assertResumable(store: Store): Promise<void> {
  for (let i = 0; i < SAMPLES; i++) {
    const { bytes, descriptor } = await childSample(i);
    await using ingest = await store.beginIngest(descriptor, neverAborted());
    if (ingest === undefined) continue;
    ingest.write(bytes.subarray(ingest.offset));
    await ingest.commit();
    assertExists(await store.findBlob(descriptor.digest));
  }
}

async function withRoot(run: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-kill-" });
  try {
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("a process that is killed immediately after any step leaves an intact store", async (t) => {
  for (const step of COMMIT_STEPS) {
    await t.step(step, () =>
      withRoot(async (root) => {
        const promised: Promised = { committed: new Set(), recorded: new Set() };
        // The first large blob, and the small one after it, which has neither a state file nor a directory.
        for (const nth of ["state-written", "ingest-removed"].includes(step) ? [1] : [1, 2]) {
          await using child = new Child("write", root, String(SAMPLES), `${step}:${nth}`);
          listen(promised, await child.rest());
          assertEquals(await child.ended(), "SIGKILL");
          await assertWhole(await openStore(root), promised);
        }
        await assertResumable(await openStore(root));
      }));
  }
});

Deno.test("an ingest of a killed process is resumed", async () => {
  await withRoot(async (root) => {
    await using child = new Child("write", root, "1", "data-written:3");
    await child.rest();
    const store = await openStore(root);
    const { descriptor } = await childSample(0);
    const [status] = await collect(store.listIngests());
    assertEquals([status?.offset, status?.size], [3 * 64 * 1024, descriptor.size]);
    await using ingest = await store.beginIngest(descriptor, neverAborted());
    assertEquals(ingest?.offset, 3 * 64 * 1024);
  });
});

Deno.test("a process that is killed at a random moment leaves an intact store", async () => {
  async function worker(draw: Draw): Promise<void> {
    let kills = RANDOM_KILLS / 2;
    while (kills > 0) {
      await withRoot(async (root) => {
        const promised: Promised = { committed: new Set(), recorded: new Set() };
        for (let round = 0; round < 4 && kills > 0; round++) {
          kills--;
          await using child = new Child("write", root, "1000", "print:0");
          // The kill happens some time after this line, because the child continues.
          const lines = draw(40);
          for (let i = 0; i < lines; i++) listen(promised, [await child.line() ?? ""]);
          child.kill();
          listen(promised, await child.rest());
          assertEquals(await child.ended(), "SIGKILL");
          await assertWhole(await openStore(root), promised);
        }
        await assertResumable(await openStore(root));
      });
    }
  }
  await Promise.all([worker(seededRandom(1)), worker(seededRandom(2))]);
});
