import { neverAborted } from "../../base/concurrency/abort.ts";
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

async function withDirectory(run: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "dray-fs-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function openFile(path: string): Deno.FsFile {
  return Deno.openSync(path, { read: true, write: true, create: true });
}

Deno.test("fileError() maps system errors to codes and names the path", () => {
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

Deno.test("fileError() returns other errors unchanged", () => {
  const appError = new AppError("busy", "Cannot");
  for (
    const error of [
      appError,
      new Error("x"),
      Object.assign(new Error("y"), { code: "EBUSY" }),
      "text",
      undefined,
    ]
  ) {
    assertStrictEquals(fileError("write", "/a", error), error);
  }
});

Deno.test("two handles of one file exclude each other within one process", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/lock`;
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
    assert(await tryLockFile(fourth, path, "exclusive"), "closing a file releases its lock");
  });
});

Deno.test("lockFile() stops at its signal", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/lock`;
    const first = openFile(path);
    await lockFile(first, path, "exclusive", neverAborted());
    const second = openFile(path);
    const controller = new AbortController();
    const waiting = lockFile(second, path, "exclusive", controller.signal);
    const reason = new Error("cancelled by the test");
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => waiting, Error), reason);
    second.close();
    first.close();
    using third = openFile(path);
    await lockFile(third, path, "exclusive", neverAborted());
  });
});

Deno.test("statIfSame() detects that a file was renamed, removed or replaced", async () => {
  await withDirectory((directory) => {
    const [path, other] = [`${directory}/a`, `${directory}/b`];
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

Deno.test("removeQuietly() removes files and empty directories only", async () => {
  await withDirectory((directory) => {
    assert(makeDirectorySync(`${directory}/d`, 0o755));
    assert(!makeDirectorySync(`${directory}/d`, 0o755));
    openFile(`${directory}/d/f`).close();
    assertEquals(removeQuietly(`${directory}/d`), false);
    assertEquals(removeQuietly(`${directory}/d/f`), true);
    assertEquals(removeQuietly(`${directory}/d/f`), false);
    assertEquals(removeQuietly(`${directory}/d`), true);
    assertThrows(() => makeDirectorySync(`${directory}/x/y`, 0o755), Deno.errors.NotFound);
  });
});

Deno.test("DirectorySyncer shares one sync among all calls made while another runs", async () => {
  await withDirectory(async (directory) => {
    const syncer = new DirectorySyncer();
    const first = syncer.sync(directory);
    const others = Array.from({ length: 5 }, () => syncer.sync(directory));
    assertEquals(new Set([first, ...others]).size, 2, "the running one, and one more for all others");
    await Promise.all([first, ...others]);
    assert(syncer.sync(directory) !== first);
    await syncer.sync(directory);
  });
});

Deno.test("DirectorySyncer reports a failed sync to every caller and starts a new one for the next call", async () => {
  await withDirectory(async (directory) => {
    const syncer = new DirectorySyncer();
    const path = `${directory}/later`;
    const failing = [syncer.sync(path), syncer.sync(path), syncer.sync(path)];
    for (const sync of failing) await assertRejects(() => sync, Deno.errors.NotFound);
    Deno.mkdirSync(path);
    await syncer.sync(path);
  });
});
