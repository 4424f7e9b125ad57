import { neverAborted } from "../../base/concurrency/abort.ts";
import { isCode } from "../../base/errors.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../../tests/assert.ts";
import { begin, collect } from "../../../tests/contract/content_store_suite.ts";
import { addSample, sampleOf } from "../../../tests/contract/samples.ts";
import type { Ingest } from "../../content/store.ts";
import { StorePaths } from "../layout/paths.ts";
import { openStore, type Store } from "../store.ts";

async function withStore(run: (store: Store, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-ingests-" });
  try {
    await run(await openStore(root), root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const LARGE = 3_000_000;

Deno.test("a committed blob is read-only, and no file of its ingest is left", async () => {
  await withStore(async (store, root) => {
    for (const size of [100, LARGE]) {
      const sample = await sampleOf(size);
      await addSample(store, sample);
      const mode = Deno.statSync(new StorePaths(store.root).blob(sample.descriptor.digest)).mode ?? 0;
      assertEquals(mode & 0o777, 0o444);
    }
    assertEquals([...Deno.readDirSync(`${root}/ingest`)], []);
  });
});

Deno.test("a full disk is reported, and the ingest can still be aborted", async () => {
  await withStore(async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    const { data } = new StorePaths(store.root).ingestOf({
      digest: descriptor.digest,
      isSmall: true,
      isReplacement: false,
    });
    Deno.symlinkSync("/dev/full", data);
    {
      await using ingest = await begin(store, descriptor);
      const error = assertThrows(() => ingest.write(bytes), Error);
      assert(isCode(error, "no_space"), error.message);
      assertStringIncludes(error.message, data);
      assertEquals(ingest.offset, 0);
    }
    assertEquals(await collect(store.listIngests()), []);
    await addSample(store, { bytes, descriptor });
  });
});

Deno.test("a large partial without a valid state file starts at offset 0", async (t) => {
  const { bytes, descriptor } = await sampleOf(LARGE);
  const other = await sampleOf(LARGE, 2);
  const half = LARGE / 2;
  const state = (changes: object) => JSON.stringify({ ...descriptor, createdAt: "", ...changes });
  const cases:
    readonly (readonly [what: string, state: string | undefined, bytes: number, offset: number])[] = [
      ["a valid state file", state({}), half, half],
      ["no state file", undefined, half, 0],
      ["a truncated state file", state({}).slice(0, 40), half, 0],
      ["the state file of another blob", state({ digest: other.descriptor.digest }), half, 0],
      ["a state file with another size", state({ size: LARGE + 1 }), half, 0],
      ["more bytes than the blob has", state({}), LARGE + 1, 0],
    ];
  for (const [what, text, length, offset] of cases) {
    await t.step(what, () =>
      withStore(async (store) => {
        const paths = new StorePaths(store.root).ingestOf({
          digest: descriptor.digest,
          isSmall: false,
          isReplacement: false,
        });
        Deno.mkdirSync(paths.directory ?? "");
        const long = new Uint8Array(length);
        long.set(bytes.subarray(0, length));
        Deno.writeFileSync(paths.data, long);
        if (text !== undefined) Deno.writeTextFileSync(paths.state, text);
        await using ingest = await begin(store, descriptor);
        assertEquals(ingest.offset, offset);
        ingest.write(bytes.subarray(offset));
        await ingest.commit();
        assertEquals(await store.readBlob(descriptor.digest, LARGE), bytes);
      }));
  }
});

Deno.test("a small partial without a state file is resumed, and its hash detects corruption", async (t) => {
  const size = 600_000;
  const { bytes, descriptor } = await sampleOf(size);
  const corrupt = bytes.slice();
  corrupt.fill(0, 5, 500);
  for (
    const [what, partial, isValid] of [["valid bytes", bytes, true], [
      "corrupt bytes",
      corrupt,
      false,
    ]] as const
  ) {
    await t.step(what, () =>
      withStore(async (store) => {
        const { data } = new StorePaths(store.root).ingestOf({
          digest: descriptor.digest,
          isSmall: true,
          isReplacement: false,
        });
        Deno.writeFileSync(data, partial.subarray(0, 1000));
        await using ingest = await begin(store, descriptor);
        assertEquals(ingest.offset, 1000);
        ingest.write(bytes.subarray(1000));
        if (!isValid) {
          const error = await assertRejects(() => ingest.commit(), Error);
          assert(isCode(error, "digest_mismatch"), error.message);
          assertEquals(ingest.offset, 0);
          ingest.write(bytes);
        }
        await ingest.commit();
        assertEquals(await store.readBlob(descriptor.digest, size), bytes);
      }));
  }
});

Deno.test("a blob that another process commits between the lookup and the lock isn't written again", async (t) => {
  for (const size of [1000, 600_000, LARGE]) {
    await t.step(`${size} bytes`, () =>
      withStore(async (store) => {
        const { bytes, descriptor } = await sampleOf(size);
        const paths = new StorePaths(store.root);
        const openSync = Deno.openSync;
        Deno.openSync = (path, options) => {
          // The first file that is opened after the lookup is that of the ingest.
          Deno.openSync = openSync;
          Deno.writeFileSync(paths.blob(descriptor.digest), bytes);
          return openSync(path, options);
        };
        try {
          assertEquals(await store.beginIngest(descriptor, neverAborted()), undefined);
        } finally {
          Deno.openSync = openSync;
        }
        assertEquals([...Deno.readDirSync(paths.ingest)], []);
      }));
  }
});

Deno.test("the state file of a process that died after the rename has no effect", async () => {
  await withStore(async (store) => {
    const sample = await sampleOf(LARGE);
    const { digest } = sample.descriptor;
    await addSample(store, sample);
    const paths = new StorePaths(store.root).ingestOf({ digest, isSmall: false, isReplacement: false });
    Deno.mkdirSync(paths.directory ?? "");
    Deno.writeTextFileSync(paths.state, "{}");
    assertEquals(await store.beginIngest(sample.descriptor, neverAborted()), undefined);
    assertEquals((await collect(store.listIngests())).map(({ offset }) => offset), [0]);
    assertEquals(await store.removeIngest(digest), true);
    assertEquals(await collect(store.listIngests()), []);
  });
});

Deno.test("an unfinished small write is listed once, resumed, and removed", async () => {
  await withStore(async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    const { digest } = descriptor;
    {
      await using ingest = await begin(store, descriptor);
      ingest.write(bytes.subarray(0, 60));
    }
    const list = async () => (await collect(store.listIngests())).map(({ offset, size }) => [offset, size]);
    assertEquals(await list(), [[60, 100]]);
    {
      await using ingest = await begin(store, descriptor);
      assertEquals(ingest.offset, 60);
      assertEquals(await store.removeIngest(digest), false);
    }
    assertEquals(await store.removeIngest(digest), true);
    assertEquals([...Deno.readDirSync(`${store.root}/ingest`)], []);
    // A state file without data is an ingest too; otherwise it would never be removed.
    const paths = new StorePaths(store.root).ingestOf({ digest, isSmall: true, isReplacement: false });
    Deno.writeTextFileSync(paths.state, JSON.stringify(descriptor));
    assertEquals((await list()).length, 1);
    assertEquals(await store.removeIngest(digest), true);
    assertEquals([...Deno.readDirSync(`${store.root}/ingest`)], []);
  });
});

Deno.test("other directories below ingest/ are ignored", async () => {
  await withStore(async (store, root) => {
    for (const name of ["notes", "sha256-short", "md5-" + "0".repeat(32)]) {
      Deno.mkdirSync(`${root}/ingest/${name}`);
    }
    assertEquals(await collect(store.listIngests()), []);
  });
});

Deno.test("beginning an ingest in a missing directory fails and leaves no lock", async () => {
  await withStore(async (store, root) => {
    const { descriptor } = await sampleOf(100);
    Deno.renameSync(`${root}/ingest`, `${root}/gone`);
    for (let i = 0; i < 2; i++) {
      await assertRejects(() => store.beginIngest(descriptor, neverAborted()), Deno.errors.NotFound);
    }
    Deno.renameSync(`${root}/gone`, `${root}/ingest`);
    await (await begin(store, descriptor)).abort();
  });
});

Deno.test("a damaged blob stays until its replacement is committed", async () => {
  await withStore(async (store) => {
    const { bytes, descriptor } = await sampleOf(100);
    await addSample(store, { bytes, descriptor });
    const path = new StorePaths(store.root).blob(descriptor.digest);
    const damaged = new Uint8Array(100);
    Deno.chmodSync(path, 0o644);
    Deno.writeFileSync(path, damaged);
    await using replacement = await store.beginReplacement(descriptor, neverAborted());
    replacement.write(damaged);
    const error = await assertRejects(() => replacement.commit(), Error);
    assert(isCode(error, "digest_mismatch"));
    assertEquals(await store.readBlob(descriptor.digest, 100), damaged);
    replacement.write(bytes);
    await replacement.commit();
    assertEquals(await store.readBlob(descriptor.digest, 100), bytes);
  });
});

Deno.test("the files of an unfinished write are readable only by their owner", () =>
  withStore(async (store, root) => {
    const { bytes, descriptor } = await sampleOf(LARGE);
    {
      await using ingest = await begin(store, descriptor);
      ingest.write(bytes.subarray(0, 1000));
    }
    const { directory = "", data, state } = new StorePaths(root).ingestOf({
      digest: descriptor.digest,
      isSmall: false,
      isReplacement: false,
    });
    assertEquals(Deno.statSync(directory).mode, 0o040700);
    for (const path of [data, state]) assertEquals(Deno.statSync(path).mode, 0o100600, path);
  }));

/** Writes some bytes of a blob with one store, and keeps the ingest open while another store begins to write. */
async function besideSlowWriter(
  isSameProcess: boolean,
  run: (test: {
    readonly slow: Ingest;
    readonly second: Promise<Ingest | undefined>;
    readonly store: Store;
    readonly bytes: Uint8Array;
    readonly root: string;
  }) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-ingests-" });
  try {
    const first = await openStore(root, { writerPatience: 100 });
    // Another store has other locks within the process, as another process has.
    const store = isSameProcess ? first : await openStore(root, { writerPatience: 100 });
    const { bytes, descriptor } = await sampleOf(LARGE);
    await using slow = await begin(first, descriptor);
    slow.write(bytes.subarray(0, 1000));
    const second = store.beginIngest(descriptor, neverAborted());
    second.catch(() => {});
    await run({ slow, second, store, bytes, root });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

for (const isSameProcess of [true, false]) {
  const where = isSameProcess ? "this process" : "another process";
  Deno.test(`a blob is written separately if a writer of ${where} makes no progress`, async () => {
    await besideSlowWriter(isSameProcess, async ({ slow, second, store, bytes, root }) => {
      const { digest } = slow.descriptor;
      const ingest = await second;
      assert(ingest !== undefined);
      assertEquals(ingest.offset, 0);
      ingest.write(bytes);
      await ingest.commit();
      assertEquals((await store.findBlob(digest))?.size, LARGE);
      // The slow writer isn't disturbed.
      slow.write(bytes.subarray(1000));
      await slow.commit();
      assertEquals(await store.readBlob(digest, LARGE), bytes);
      assertEquals([...Deno.readDirSync(`${root}/ingest`)], []);
    });
  });
}

Deno.test("a separate write that fails leaves no file", async () => {
  await besideSlowWriter(true, async ({ second, bytes, store }) => {
    {
      await using ingest = await second;
      ingest?.write(bytes.subarray(0, 2000));
    }
    assertEquals((await collect(store.listIngests())).map(({ offset }) => offset), [1000]);
  });
});

Deno.test("a blob is not written separately while its writer makes progress, or has written all bytes", async () => {
  await besideSlowWriter(true, async ({ slow, second, bytes }) => {
    let at = 1000;
    const timer = setInterval(() => {
      const end = Math.min(at + 50_000, LARGE);
      slow.write(bytes.subarray(at, end));
      at = end;
    }, 20);
    // The wait is reported after a second; then several periods of 100 ms pass.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    clearInterval(timer);
    await slow.commit();
    assertEquals(await second, undefined);
  });
});

Deno.test("a partial that can't be opened doesn't prevent a write", async () => {
  await withStore(async (store) => {
    const sample = await sampleOf(100);
    const { digest } = sample.descriptor;
    const { data } = new StorePaths(store.root).ingestOf({ digest, isSmall: true, isReplacement: false });
    // Tests that run as root can open any file.
    Deno.mkdirSync(data);
    await addSample(store, sample);
    assertEquals((await store.findBlob(digest))?.size, 100);
  });
});
