import { neverAborted } from "../../base/concurrency/abort.ts";
import { assert, assertEquals } from "../../../tests/assert.ts";
import { Locks } from "./locks.ts";
import { ReadWriteLock } from "./read_write_lock.ts";

/** Locks as another process would take them: excluded only by the lock of the file. */
const processLocks = () => new Locks(new ReadWriteLock(), true);

async function withPath(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "dray-locks-" });
  try {
    await run(`${directory}/lock`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a released lock is free for other processes immediately", async (t) => {
  const takes: Readonly<Record<string, (locks: Locks, path: string) => Promise<Disposable | undefined>>> = {
    "take()": (locks, path) => locks.take(path, "exclusive", neverAborted()),
    "tryTake()": (locks, path) => locks.tryTake(path, "exclusive"),
  };
  for (const [name, take] of Object.entries(takes)) {
    await t.step(name, () =>
      withPath(async (path) => {
        const lock = await take(processLocks(), path);
        assert(lock !== undefined);
        assertEquals(await processLocks().tryTake(path, "exclusive"), undefined, "it is taken until then");
        lock[Symbol.dispose]();
        lock[Symbol.dispose]();
        using other = await processLocks().tryTake(path, "exclusive");
        assert(other !== undefined, "its file is closed");
      }));
  }
});

Deno.test("a lock that could not be taken leaves no lock behind", () =>
  withPath(async (path) => {
    const locks = processLocks();
    const first = await processLocks().take(path, "exclusive", neverAborted());
    assertEquals(await locks.tryTake(path, "shared"), undefined);
    first[Symbol.dispose]();
    using again = await locks.tryTake(path, "exclusive");
    assert(again !== undefined);
  }));
