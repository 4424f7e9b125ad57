import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { openStore } from "../store.ts";

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
      (await store.holdContent(new AbortController().signal))[Symbol.dispose]();
      assertEquals(namesIn(root), []);
    }));
  await t.step("every method that writes is rejected", () =>
    withRoot(async (root) => {
      const { signal } = new AbortController();
      await openStore(root);
      const store = await openStore(root, { mode: "read" });
      const digest = `sha256:${"0".repeat(64)}` as Parameters<typeof store.removeBlob>[0];
      const descriptor = { mediaType: "a/b", digest, size: 1 };
      const writes = [
        () => store.beginIngest(descriptor, signal),
        () => store.beginReplacement(descriptor, signal),
        () => store.updateImages(() => [], signal),
        () => store.removeBlob(digest),
        () => store.removeIngest(digest),
        () => store.holdForSweep(signal),
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
