import { AppError } from "../../base/errors.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { recordOf } from "../../../tests/contract/records.ts";
import { isRoot, OTHER_UID, plantLink, sharedDirectory } from "../../../tests/planted.ts";
import { fillDiskOnce } from "../../../tests/store/full_disk.ts";
import { parseDigest } from "../../oci/digest.ts";
import { openLayoutDirectory } from "../layout_directory.ts";
import { openStore } from "../store.ts";

const GROUP = 4321;
const EMPTY = parseDigest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

async function withStore(
  run: (root: string, parent: string, shared: string) => Promise<void>,
): Promise<void> {
  const { parent, shared } = await sharedDirectory();
  try {
    const root = `${parent}/store`;
    await openStore(root);
    await run(root, parent, shared);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** Opens a store in both modes. */
async function open(root: string): Promise<void> {
  await openStore(root, { mode: "read" });
  await openStore(root);
}

async function assertRefused(root: string, reason: string): Promise<void> {
  for (const mode of ["read", "write"] as const) {
    const error = await assertRejects(() => openStore(root, { mode }), AppError);
    assertEquals(error.code, "permission_denied", mode);
    assertStringIncludes(error.message, reason);
  }
}

const CHECKED = ["", "/index.json", "/blobs", "/blobs/sha256", "/ingest", "/layers", "/locks"];

Deno.test("openStore() refuses directories that every user may write to, and accepts group-writable ones", () =>
  withStore(async (root) => {
    for (const name of CHECKED) {
      const path = `${root}${name}`;
      const mode = ((await Deno.stat(path)).mode ?? 0) & 0o777;
      for (const everyone of [0o777, 0o1777]) {
        await Deno.chmod(path, everyone);
        await assertRefused(root, "every user may write to");
      }
      await Deno.chmod(path, 0o775);
      await open(root);
      await Deno.chmod(path, mode);
    }
  }));

Deno.test(
  "openStore() refuses a store that belongs to another user",
  { ignore: !isRoot },
  () =>
    withStore(async (root) => {
      for (const name of CHECKED) {
        await Deno.chown(`${root}${name}`, OTHER_UID, OTHER_UID);
        await assertRefused(root, `another user (uid ${OTHER_UID})`);
        await Deno.chown(`${root}${name}`, 0, 0);
        await open(root);
      }
    }),
);

Deno.test(
  "openStore() accepts other owners only of a store that is shared with a group",
  { ignore: !isRoot },
  () =>
    withStore(async (root) => {
      await Deno.chmod(root, 0o2775);
      await Deno.chown(root, 0, GROUP);
      await Deno.chown(`${root}/blobs`, OTHER_UID, GROUP);
      await open(root);
      await Deno.chown(`${root}/blobs`, OTHER_UID, OTHER_UID);
      await assertRefused(root, `"${root}/blobs" belongs to another user`);
      await Deno.chown(`${root}/blobs`, OTHER_UID, GROUP);
      await Deno.chmod(root, 0o2755);
      await assertRefused(root, `"${root}/blobs" belongs to another user`);
    }),
);

Deno.test("openStore() and openLayoutDirectory() refuse a planted link, and accept an own one", {
  ignore: !isRoot,
}, () =>
  withStore(async (root, _parent, shared) => {
    await plantLink(root, `${shared}/planted`);
    await Deno.symlink(root, `${shared}/own`);
    await assertRefused(`${shared}/planted`, "is a symbolic link of another user");
    await assertRejects(
      () => openLayoutDirectory(`${shared}/planted`, { signal: neverAborted() }),
      AppError,
      "is a symbolic link of another user",
    );
    await open(`${shared}/own`);
    await using layout = await openLayoutDirectory(`${shared}/own`, { signal: neverAborted() });
    assertEquals(await layout.store.listImages(), []);
  }));

Deno.test("openLayoutDirectory() refuses a directory of another user before it changes anything", {
  ignore: !isRoot,
}, () =>
  withStore(async (_root, parent) => {
    const directory = `${parent}/layout`;
    await Deno.mkdir(`${directory}/.dray-export`, { recursive: true });
    await Deno.writeTextFile(`${directory}/.dray-export/kept`, "");
    await Deno.chown(directory, OTHER_UID, OTHER_UID);
    await assertRejects(
      () => openLayoutDirectory(directory, { signal: neverAborted() }),
      AppError,
      "another user",
    );
    await Deno.stat(`${directory}/.dray-export/kept`);
    await Deno.chown(directory, 0, 0);
    await using layout = await openLayoutDirectory(directory, { signal: neverAborted() });
    assertEquals(await layout.store.listImages(), []);
  }));

Deno.test("an update of the index on a full disk doesn't write through a planted link", () =>
  withStore(async (root, parent) => {
    const victim = `${parent}/victim`;
    await Deno.writeTextFile(victim, "unchanged");
    const store = await openStore(root);
    await store.updateImages(() => [recordOf("docker.io/library/a:1")], neverAborted());
    await Deno.remove(`${root}/locks/index.spare`);
    await Deno.symlink(victim, `${root}/locks/index.spare`);
    using _full = fillDiskOnce(`${root}/index.json.new`);
    const error = await assertRejects(() => store.updateImages(() => [], neverAborted()), AppError);
    assertEquals(error.code, "no_space");
    assertEquals(await Deno.readTextFile(victim), "unchanged");
    await store.updateImages(() => [], neverAborted());
    assertEquals(await store.listImages(), []);
  }));

Deno.test("an update of the index doesn't write through planted links", () =>
  withStore(async (root, parent) => {
    const victim = `${parent}/victim`;
    await Deno.writeTextFile(victim, "unchanged");
    await Deno.remove(`${root}/index.json`);
    await Deno.symlink(victim, `${root}/index.json.new`);
    await Deno.symlink(victim, `${root}/locks/index.spare`);
    await openStore(root);
    assertEquals(await Deno.readTextFile(victim), "unchanged");
    assertEquals((await Deno.lstat(`${root}/index.json`)).isFile, true);
    const store = await openStore(root);
    await store.updateImages(() => [recordOf("docker.io/library/a:1")], neverAborted());
    assertEquals((await Deno.lstat(`${root}/locks/index.spare`)).isFile, true);
    assertEquals(await Deno.readTextFile(victim), "unchanged");
  }));

/** Stores an empty blob, whose file the caller changes. */
async function storeBlob(root: string): Promise<string> {
  const path = `${root}/blobs/sha256/${EMPTY.slice("sha256:".length)}`;
  await Deno.writeTextFile(path, "");
  await Deno.chmod(path, 0o644);
  return path;
}

async function useBlob(root: string): Promise<void> {
  const store = await openStore(root, { mode: "read" });
  assertEquals((await store.findBlob(EMPTY))?.size, 0);
  using blob = await store.openBlob(EMPTY);
  assertEquals(blob.size, 0);
}

async function assertBlobRefused(root: string, reason: string): Promise<void> {
  const store = await openStore(root, { mode: "read" });
  for (const use of [() => store.findBlob(EMPTY), () => store.openBlob(EMPTY)]) {
    const error = await assertRejects(use, AppError);
    assertEquals(error.code, "permission_denied");
    assertStringIncludes(error.message, `Cannot use blob "${EMPTY}": `);
    assertStringIncludes(error.message, reason);
  }
}

Deno.test("A store refuses a blob that every user may write to, and lists it", () =>
  withStore(async (root) => {
    const path = await storeBlob(root);
    await useBlob(root);
    await Deno.chmod(path, 0o646);
    await assertBlobRefused(root, `every user may write to "${path}"`);
    const store = await openStore(root, { mode: "read" });
    assertEquals((await Array.fromAsync(store.listBlobs())).map(({ digest }) => digest), [EMPTY]);
  }));

Deno.test(
  "A store refuses a blob of another user, unless a group shares both",
  { ignore: !isRoot },
  () =>
    withStore(async (root) => {
      const path = await storeBlob(root);
      await Deno.chown(path, OTHER_UID, OTHER_UID);
      await assertBlobRefused(root, `"${path}" belongs to another user (uid ${OTHER_UID})`);
      await Deno.chmod(root, 0o2775);
      await Deno.chown(root, 0, GROUP);
      await assertBlobRefused(root, `"${path}" belongs to another user (uid ${OTHER_UID})`);
      await Deno.chown(path, OTHER_UID, GROUP);
      await useBlob(root);
    }),
);
