import { neverAborted } from "../../base/abort.ts";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "../../../tests/assert.ts";
import { DirectorySyncer } from "./directory_sync.ts";
import { lockFile, makeDirectorySync, removeQuietly, renameOver, statIfSame, tryLockFile } from "./fs.ts";
import { fileError } from "./fs_errors.ts";

async function withFolder(run: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dray-fs-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function openFile(path: string): Deno.FsFile {
  return Deno.openSync(path, { read: true, write: true, create: true });
}

Deno.test("fileError() says what the system said by kind, with the path", () => {
  const cases: readonly (readonly [code: string, kind: ErrorCode])[] = [
    ["ENOSPC", "no_space"],
    ["EDQUOT", "no_space"],
    ["EROFS", "permission_denied"],
    ["EACCES", "permission_denied"],
    ["EPERM", "permission_denied"],
    ["EMFILE", "limit_exceeded"],
    ["ENFILE", "limit_exceeded"],
    ["EIO", "store_corrupt"],
    ["EISDIR", "store_corrupt"],
    ["ELOOP", "store_corrupt"],
    ["ENAMETOOLONG", "invalid_argument"],
  ];
  for (const [code, kind] of cases) {
    const cause = Object.assign(new Error("os"), { code });
    const error = fileError("write", "/a/b", cause);
    assert(error instanceof AppError);
    assertEquals([error.code, error.details.path, error.cause], [kind, "/a/b", cause]);
    assert(error.message.startsWith('Cannot write "/a/b": '), error.message);
  }
});

Deno.test("fileError() gives back what it has no word for", () => {
  const known = new AppError("busy", "Cannot");
  for (
    const error of [
      known,
      new Error("x"),
      Object.assign(new Error("y"), { code: "EBUSY" }),
      "text",
      undefined,
    ]
  ) {
    assertStrictEquals(fileError("write", "/a", error), error);
  }
});

Deno.test("two openings of one file exclude each other within one process", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/lock`;
    using first = openFile(path);
    await lockFile(first, path, "shared", neverAborted());
    {
      using second = openFile(path);
      assert(await tryLockFile(second, path, "shared"));
    }
    const third = openFile(path);
    const waiting = lockFile(third, path, "exclusive", neverAborted());
    first.unlockSync();
    await waiting;
    third.close();
    using fourth = openFile(path);
    assert(await tryLockFile(fourth, path, "exclusive"), "a closed file has no lock");
  });
});

Deno.test("lockFile() gives up at its signal", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/lock`;
    const first = openFile(path);
    await lockFile(first, path, "exclusive", neverAborted());
    const second = openFile(path);
    const controller = new AbortController();
    const waiting = lockFile(second, path, "exclusive", controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting, Error), reason);
    second.close();
    first.close();
    using third = openFile(path);
    await lockFile(third, path, "exclusive", neverAborted());
  });
});

Deno.test("statIfSame() sees that a file was renamed, removed or replaced", async () => {
  await withFolder((folder) => {
    const [path, other] = [`${folder}/a`, `${folder}/b`];
    using file = openFile(path);
    assertEquals(statIfSame(file, path)?.size, file.statSync().size);
    renameOver(path, other);
    assertEquals(statIfSame(file, path), undefined);
    assertEquals(statIfSame(file, other)?.size, file.statSync().size);
    openFile(path).close();
    assertEquals(statIfSame(file, path), undefined);
    removeQuietly(other);
    assertEquals(statIfSame(file, other), undefined);
  });
});

Deno.test("removeQuietly() removes files and empty folders, and leaves the rest", async () => {
  await withFolder((folder) => {
    assert(makeDirectorySync(`${folder}/d`, 0o755));
    assert(!makeDirectorySync(`${folder}/d`, 0o755));
    openFile(`${folder}/d/f`).close();
    assertEquals(removeQuietly(`${folder}/d`), false);
    assertEquals(removeQuietly(`${folder}/d/f`), true);
    assertEquals(removeQuietly(`${folder}/d/f`), false);
    assertEquals(removeQuietly(`${folder}/d`), true);
    assertThrows(() => makeDirectorySync(`${folder}/x/y`, 0o755), Deno.errors.NotFound);
  });
});

Deno.test("DirectorySyncer shares a sync among those who come while one runs", async () => {
  await withFolder(async (folder) => {
    const syncer = new DirectorySyncer();
    const first = syncer.sync(folder);
    const others = Array.from({ length: 5 }, () => syncer.sync(folder));
    assertEquals(new Set([first, ...others]).size, 2, "not the one that runs, and one more for all");
    await Promise.all([first, ...others]);
    assert(syncer.sync(folder) !== first);
    await syncer.sync(folder);
  });
});

Deno.test("DirectorySyncer tells everybody of a sync that failed, and tries anew for the next", async () => {
  await withFolder(async (folder) => {
    const syncer = new DirectorySyncer();
    const path = `${folder}/later`;
    const failing = [syncer.sync(path), syncer.sync(path), syncer.sync(path)];
    for (const sync of failing) await assertRejects(() => sync, Deno.errors.NotFound);
    Deno.mkdirSync(path);
    await syncer.sync(path);
  });
});
