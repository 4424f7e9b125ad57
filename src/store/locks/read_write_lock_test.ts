import { neverAborted } from "../../base/abort.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../../tests/assert.ts";
import type { LockMode } from "../fs/fs.ts";
import { ReadWriteLock } from "./read_write_lock.ts";

/** Takes a turn and notes when it has it. */
function taker(turns: ReadWriteLock) {
  const log: string[] = [];
  return {
    log,
    async take(name: string, mode: LockMode, key = "key"): Promise<Disposable> {
      const turn = await turns.take(key, mode, neverAborted());
      log.push(name);
      return turn;
    },
  };
}

Deno.test("ReadWriteLock: one alone, and the next in the order they came", async () => {
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

Deno.test("ReadWriteLock: shared ones at once, and a later one passes who waits to be alone", async () => {
  const { log, take } = taker(new ReadWriteLock());
  const [a, b] = [await take("a", "shared"), await take("b", "shared")];
  const alone = take("alone", "exclusive");
  const c = await take("c", "shared");
  for (const turn of [a, b, c]) turn[Symbol.dispose]();
  const d = take("d", "shared");
  (await alone)[Symbol.dispose]();
  (await d)[Symbol.dispose]();
  assertEquals(log, ["a", "b", "c", "alone", "d"]);
});

Deno.test("ReadWriteLock: keys have nothing to do with each other", async () => {
  const { log, take } = taker(new ReadWriteLock());
  using _one = await take("one", "exclusive", "1");
  using _two = await take("two", "exclusive", "2");
  assertEquals(log, ["one", "two"]);
});

Deno.test("ReadWriteLock: who leaves at its signal is not waited for", async () => {
  const turns = new ReadWriteLock();
  const { log, take } = taker(turns);
  const a = await take("a", "exclusive");
  const controller = new AbortController();
  const leaving = turns.take("key", "exclusive", controller.signal);
  const staying = take("b", "exclusive");
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => leaving, Error), reason);
  assertStrictEquals(
    await assertRejects(() => turns.take("key", "shared", controller.signal), Error),
    reason,
  );
  a[Symbol.dispose]();
  (await staying)[Symbol.dispose]();
  assertEquals(log, ["a", "b"]);
});

Deno.test("ReadWriteLock: tryTake() takes what is free and nothing else", () => {
  const turns = new ReadWriteLock();
  const cases: readonly (readonly [held: LockMode, wanted: LockMode, isFree: boolean])[] = [
    ["shared", "shared", true],
    ["shared", "exclusive", false],
    ["exclusive", "shared", false],
    ["exclusive", "exclusive", false],
  ];
  for (const [held, wanted, isFree] of cases) {
    const turn = turns.tryTake("key", held);
    assert(turn !== undefined);
    const other = turns.tryTake("key", wanted);
    assertEquals(other !== undefined, isFree, `${wanted} while ${held} is held`);
    other?.[Symbol.dispose]();
    turn[Symbol.dispose]();
    turns.tryTake("key", "exclusive")?.[Symbol.dispose]();
  }
});
