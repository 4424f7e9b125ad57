import { assert, assertEquals, assertMatch, assertRejects } from "../../../tests/assert.ts";
import { AppError, isCode } from "../../base/errors.ts";
import { listenUnix } from "./unix_socket.ts";

async function withDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
}

Deno.test("listenUnix() creates a socket with its mode, and unlink() deletes all files", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    const socket = await listenUnix({ path, mode: 0o600, groupId: Deno.gid() ?? 0 });
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const accepting = socket.listener.accept();
    (await Deno.connect({ transport: "unix", path })).close();
    (await accepting).close();
    assertEquals(await names(dir), ["a.sock", "a.sock.pid"]);
    socket.unlink();
    socket.listener.close();
    assertEquals(await names(dir), []);
  }));

Deno.test("listenUnix() replaces a stale socket at the path and at the temporary path", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    for (const stale of [path, `${path}.tmp`]) {
      const old = Deno.listen({ transport: "unix", path: `${dir}/old` });
      await Deno.rename(`${dir}/old`, stale);
      old.close();
      assert((await Deno.lstat(stale)).isSocket);
    }
    const socket = await listenUnix({ path });
    assertEquals(await names(dir), ["a.sock", "a.sock.pid"]);
    socket.unlink();
    socket.listener.close();
  }));

Deno.test("listenUnix() refuses a socket that is in use, and reports the process", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    const active = await listenUnix({ path });
    const error = await assertRejects(() => listenUnix({ path }), AppError);
    assert(isCode(error, "busy"));
    assertMatch(error.message, new RegExp(`pid ${Deno.pid}\\b`));
    (await Deno.connect({ transport: "unix", path })).close();
    active.unlink();
    active.listener.close();
  }));

Deno.test("listenUnix() doesn't replace a file that isn't a socket", () =>
  withDir(async (dir) => {
    const path = `${dir}/file`;
    await Deno.writeTextFile(path, "mine");
    const error = await assertRejects(() => listenUnix({ path }));
    assert(isCode(error, "already_exists"));
    assertEquals(await Deno.readTextFile(path), "mine");
  }));

Deno.test("unlink() doesn't delete the socket of another process", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    const first = await listenUnix({ path });
    await Deno.remove(path);
    const second = await listenUnix({ path });
    first.unlink();
    first.listener.close();
    assertEquals(await names(dir), ["a.sock", "a.sock.pid"]);
    (await Deno.connect({ transport: "unix", path })).close();
    second.unlink();
    second.listener.close();
    second.unlink();
    assertEquals(await names(dir), []);
  }));
