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

const WHOLE = ["blobs", "index.json", "ingest", "layers", "locks", "oci-layout"];

Deno.test("openStore() makes a valid layout, and opens it again unchanged", async () => {
  await withRoot(async (parent) => {
    const root = `${parent}/a/b`;
    await openStore(`${root}//`);
    assertEquals(namesIn(root), WHOLE);
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

Deno.test("openStore() by many at once makes one layout", async () => {
  await withRoot(async (root) => {
    await Promise.all(Array.from({ length: 8 }, () => openStore(root)));
    assertEquals(namesIn(root), WHOLE);
  });
});

Deno.test("openStore() completes a layout that a dying process left", async () => {
  for (const missing of WHOLE.filter((name) => name !== "oci-layout")) {
    await withRoot(async (root) => {
      await openStore(root);
      await Deno.remove(`${root}/${missing}`, { recursive: true });
      await openStore(root);
      assertEquals(namesIn(root), WHOLE);
    });
  }
  await withRoot(async (root) => {
    Deno.writeTextFileSync(`${root}/.oci-layout-1234`, "");
    Deno.mkdirSync(`${root}/lost+found`);
    await openStore(root);
    assertEquals(namesIn(root).filter((name) => WHOLE.includes(name)), WHOLE);
  });
});

Deno.test("openStore() refuses what is no store of ours, and leaves it alone", async (t) => {
  const cases = [
    ["a folder with other files", "notes.txt", "hello", "invalid_argument", "notes.txt"],
    ["a layout of another version", "oci-layout", '{"imageLayoutVersion":"2.0.0"}', "unsupported", '"2.0.0"'],
    ["a layout file that is cut short", "oci-layout", '{"imageLayout', "store_corrupt", "oci-layout"],
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
  const noFolders = [["a file", "file", "read"], ["a file", "file", "write"], [
    "below a file",
    "file/a",
    "read",
  ], [
    "below a file",
    "file/a",
    "write",
  ], ["a link to nothing", "link", "write"]] as const;
  for (const [what, name, mode] of noFolders) {
    await t.step(`${what}, ${mode}`, () =>
      withRoot(async (root) => {
        Deno.writeTextFileSync(`${root}/file`, "");
        Deno.symlinkSync("nowhere", `${root}/link`);
        const error = await assertRejects(() => openStore(`${root}/${name}`, { mode }), Error);
        assert(isCode(error, "invalid_argument"), error.message);
        assertStringIncludes(error.message, "not a folder");
      }));
  }
});

Deno.test("a store that is only read is never changed", async (t) => {
  await t.step("one that is not there lists nothing and is not made", () =>
    withRoot(async (root) => {
      const store = await openStore(`${root}/none`, { mode: "read" });
      assertEquals(await store.listImages(), []);
      assertEquals(await store.listForeign(), []);
      assertEquals(await Array.fromAsync(store.listBlobs()), []);
      assertEquals(await Array.fromAsync(store.listIngests()), []);
      assertEquals((await store.usage()).blobs, 0);
      (await store.holdContent(new AbortController().signal))[Symbol.dispose]();
      assertEquals(namesIn(root), []);
    }));
  await t.step("every method that writes says so", () =>
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
  name: "openStore() without the runtime's leave to write says which is missing",
  permissions: { read: true, write: false },
  fn: async () => {
    const error = await assertRejects(() => openStore("/nowhere/store"), Error);
    assert(isCode(error, "permission_denied"));
    assertStringIncludes(error.message, "--allow-write");
    assertEquals(await (await openStore("/nowhere/store", { mode: "read" })).listImages(), []);
  },
});
