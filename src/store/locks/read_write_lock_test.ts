import { neverAborted } from "../../base/concurrency/abort.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../../tests/assert.ts";
import type { LockMode } from "../fs/fs.ts";
import { ReadWriteLock } from "./read_write_lock.ts";

/** Takes locks and records when it gets them. */
function taker(locks: ReadWriteLock) {
  const log: string[] = [];
  return {
    log,
    async take(name: string, mode: LockMode): Promise<Disposable> {
      const lock = await locks.take("key", mode, neverAborted());
      log.push(name);
      return lock;
    },
  };
}

Deno.test("ReadWriteLock grants exclusive locks one at a time, in the order of the requests", async () => {
  const { log, take } = taker(new ReadWriteLock());
  const a = await take("a", "exclusive");
  const waiting = [take("b", "exclusive"), take("c", "exclusive")];
  assertEquals(log, ["a"]);
  a[Symbol.dispose]();
  a[Symbol.dispose]();
  (await waiting[0])?.[Symbol.dispose]();
  (await waiting[1])?.[Symbol.dispose]();
  assertEquals(log, ["a", "b", "c"]);
});

Deno.test("ReadWriteLock grants a shared lock before a waiting exclusive one", async () => {
  const { log, take } = taker(new ReadWriteLock());
  const [a, b] = [await take("a", "shared"), await take("b", "shared")];
  const exclusive = take("exclusive", "exclusive");
  const c = await take("c", "shared");
  for (const lock of [a, b, c]) lock[Symbol.dispose]();
  const d = take("d", "shared");
  (await exclusive)[Symbol.dispose]();
  (await d)[Symbol.dispose]();
  assertEquals(log, ["a", "b", "c", "exclusive", "d"]);
});

Deno.test("ReadWriteLock grants locks of different keys independently", () => {
  const locks = new ReadWriteLock();
  using one = locks.tryTake("1", "exclusive");
  using two = locks.tryTake("2", "exclusive");
  assert(one !== undefined && two !== undefined);
  assertEquals(locks.tryTake("1", "exclusive"), undefined);
});

Deno.test("ReadWriteLock skips a waiter whose signal has aborted", async () => {
  const locks = new ReadWriteLock();
  const { log, take } = taker(locks);
  const a = await take("a", "exclusive");
  const controller = new AbortController();
  const leaving = locks.take("key", "exclusive", controller.signal);
  const staying = take("b", "exclusive");
  const reason = new Error("cancelled by the test");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => leaving, Error), reason);
  assertStrictEquals(
    await assertRejects(() => locks.take("key", "shared", controller.signal), Error),
    reason,
  );
  a[Symbol.dispose]();
  (await staying)[Symbol.dispose]();
  assertEquals(log, ["a", "b"]);
});

Deno.test("ReadWriteLock.tryTake() takes only a free lock", () => {
  const locks = new ReadWriteLock();
  const cases: readonly (readonly [held: LockMode, wanted: LockMode, isFree: boolean])[] = [
    ["shared", "shared", true],
    ["shared", "exclusive", false],
    ["exclusive", "shared", false],
    ["exclusive", "exclusive", false],
  ];
  for (const [held, wanted, isFree] of cases) {
    const lock = locks.tryTake("key", held);
    assert(lock !== undefined);
    const other = locks.tryTake("key", wanted);
    assertEquals(other !== undefined, isFree, `${wanted} while ${held} is held`);
    other?.[Symbol.dispose]();
    lock[Symbol.dispose]();
    locks.tryTake("key", "exclusive")?.[Symbol.dispose]();
  }
});
