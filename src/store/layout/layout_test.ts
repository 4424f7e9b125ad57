import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { parseDigest } from "../../oci/digest.ts";
import { Locks } from "../locks/locks.ts";
import { ReadWriteLock } from "../locks/read_write_lock.ts";
import { openStore } from "../store.ts";

const DIGEST = parseDigest(`sha256:${"0".repeat(64)}`);

async function withRoot(run: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-layout-" });
  try {
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function namesIn(path: string): readonly string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

const ALL_NAMES = ["blobs", "index.json", "ingest", "layers", "locks", "oci-layout"];

Deno.test("openStore() creates a valid layout, and opens it again unchanged", async () => {
  await withRoot(async (parent) => {
    const root = `${parent}/a/b`;
    await openStore(`${root}//`);
    assertEquals(namesIn(root), ALL_NAMES);
    assertEquals(JSON.parse(Deno.readTextFileSync(`${root}/oci-layout`)), { imageLayoutVersion: "1.0.0" });
    const text = Deno.readTextFileSync(`${root}/index.json`);
    assertEquals(JSON.parse(text), {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [],
    });
    const inode = Deno.statSync(`${root}/index.json`).ino;
    await openStore(root);
    assertEquals(Deno.statSync(`${root}/index.json`).ino, inode);
    assertEquals(Deno.statSync(`${root}/layers`).mode ?? 0, 0o40700);
  });
});

Deno.test("parallel calls of openStore() create one layout", async () => {
  await withRoot(async (root) => {
    await Promise.all(Array.from({ length: 8 }, () => openStore(root)));
    assertEquals(namesIn(root), ALL_NAMES);
  });
});

Deno.test("openStore() completes the layout of a process that died", async () => {
  for (const missing of ALL_NAMES.filter((name) => name !== "oci-layout")) {
    await withRoot(async (root) => {
      await openStore(root);
      await Deno.remove(`${root}/${missing}`, { recursive: true });
      await openStore(root);
      assertEquals(namesIn(root), ALL_NAMES);
    });
  }
  await withRoot(async (root) => {
    Deno.writeTextFileSync(`${root}/.oci-layout-1234`, "");
    Deno.mkdirSync(`${root}/lost+found`);
    await openStore(root);
    assertEquals(namesIn(root).filter((name) => ALL_NAMES.includes(name)), ALL_NAMES);
  });
});

Deno.test("openStore() rejects other directories and leaves them unchanged", async (t) => {
  const cases = [
    ["a directory with other files", "notes.txt", "hello", "invalid_argument", "notes.txt"],
    ["a layout of another version", "oci-layout", '{"imageLayoutVersion":"2.0.0"}', "unsupported", '"2.0.0"'],
    ["a truncated layout file", "oci-layout", '{"imageLayout', "store_corrupt", "oci-layout"],
  ] as const;
  for (const [what, file, text, code, part] of cases) {
    for (const mode of ["read", "write"] as const) {
      await t.step(`${what}, ${mode}`, () =>
        withRoot(async (root) => {
          Deno.writeTextFileSync(`${root}/${file}`, text);
          const error = await assertRejects(() => openStore(root, { mode }), Error);
          assert(isCode(error, code), error.message);
          assertStringIncludes(error.message, part);
          assertEquals(namesIn(root), [file]);
        }));
    }
  }
  const notDirectories = [["a file", "file", "read"], ["a file", "file", "write"], [
    "below a file",
    "file/a",
    "read",
  ], [
    "below a file",
    "file/a",
    "write",
  ], ["a dangling link", "link", "write"]] as const;
  for (const [what, name, mode] of notDirectories) {
    await t.step(`${what}, ${mode}`, () =>
      withRoot(async (root) => {
        Deno.writeTextFileSync(`${root}/file`, "");
        Deno.symlinkSync("nowhere", `${root}/link`);
        const error = await assertRejects(() => openStore(`${root}/${name}`, { mode }), Error);
        assert(isCode(error, "invalid_argument"), error.message);
        assertStringIncludes(error.message, "not a directory");
      }));
  }
});

Deno.test("a store that is opened for reading is never changed", async (t) => {
  await t.step("a missing store has no content and isn't created", () =>
    withRoot(async (root) => {
      const store = await openStore(`${root}/none`, { mode: "read" });
      assertEquals(await store.listImages(), []);
      assertEquals(await store.listUnmanaged(), []);
      assertEquals(await Array.fromAsync(store.listBlobs()), []);
      assertEquals(await Array.fromAsync(store.listIngests()), []);
      assertEquals((await store.usage()).blobs, 0);
      {
        using hold = store.beginHold(new AbortController().signal);
        await hold.add([DIGEST]);
      }
      assertEquals(namesIn(root), []);
    }));
  await t.step("every method that writes is rejected", () =>
    withRoot(async (root) => {
      const { signal } = new AbortController();
      await openStore(root);
      const store = await openStore(root, { mode: "read" });
      const descriptor = { mediaType: "a/b", digest: DIGEST, size: 1 };
      const writes = [
        () => store.beginIngest(descriptor, signal),
        () => store.beginReplacement(descriptor, signal),
        () => store.updateImages(() => [], signal),
        () => store.removeBlob(DIGEST),
        () => store.removeIngest(DIGEST),
        () => store.beginSweep(signal),
      ];
      for (const write of writes) {
        const error = await assertRejects(async () => void await write(), Error);
        assert(isCode(error, "permission_denied"), error.message);
      }
    }));
});

Deno.test({
  name: "openStore() without write permission names the missing flag",
  permissions: { read: true, write: false },
  fn: async () => {
    const error = await assertRejects(() => openStore("/nowhere/store"), Error);
    assert(isCode(error, "permission_denied"));
    assertStringIncludes(error.message, "--allow-write");
    assertEquals(await (await openStore("/nowhere/store", { mode: "read" })).listImages(), []);
  },
});

Deno.test("openStore() replaces the lock of older versions, which then fail, unless one of them is running", () =>
  withRoot(async (root) => {
    const { signal } = new AbortController();
    await openStore(root);
    const path = `${root}/locks/content`;
    await Deno.remove(path);
    {
      using old = await Deno.open(path, { read: true, write: true, create: true });
      await old.lock(false);
      const error = await assertRejects(() => openStore(root), Error, "an older version of dray is using it");
      assert(isCode(error, "busy"));
    }
    const stores = await Promise.all([openStore(root), openStore(root), openStore(root)]);
    assert((await Deno.stat(path)).isDirectory);
    for (const store of stores) {
      using hold = store.beginHold(signal);
      await hold.add([DIGEST]);
      using sweep = await store.beginSweep(signal);
      assertEquals(sweep.isHeld(DIGEST), true);
    }
    const error = await assertRejects(
      () => new Locks(new ReadWriteLock(), true).take(path, "shared", signal),
      Error,
    );
    assert(isCode(error, "store_corrupt"), error.message);
  }));
