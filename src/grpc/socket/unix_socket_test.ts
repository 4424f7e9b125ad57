import { assert, assertEquals, assertMatch, assertRejects } from "../../../tests/assert.ts";
import { AppError, isCode } from "../../base/errors.ts";
import { readOwner } from "./socket_owner.ts";
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

Deno.test("listenUnix() replaces a stale socket at the path and in the temporary directory", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    await Deno.mkdir(`${path}.t`);
    for (const stale of [path, `${path}.t/s`]) {
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

Deno.test("listenUnix() doesn't use or delete files at the name of its temporary directory", async (t) => {
  await t.step("a directory with other files", () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/a.sock.t`);
      await Deno.writeTextFile(`${dir}/a.sock.t/mine`, "mine");
      const error = await assertRejects(() => listenUnix({ path: `${dir}/a.sock` }));
      assert(isCode(error, "already_exists"));
      assertEquals(await Deno.readTextFile(`${dir}/a.sock.t/mine`), "mine");
    }));
  await t.step("a link to a directory", () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/other`);
      await Deno.symlink(`${dir}/other`, `${dir}/a.sock.t`);
      const error = await assertRejects(() => listenUnix({ path: `${dir}/a.sock` }));
      assert(isCode(error, "already_exists"));
      assertEquals(await names(`${dir}/other`), []);
    }));
});

Deno.test("listenUnix() binds the socket where no other user can connect to it", () =>
  withDir(async (dir) => {
    const { listen } = Deno;
    const modes: (number | undefined)[] = [];
    Deno.listen = ((options: Deno.UnixListenOptions & { transport: "unix" }) => {
      const listener = listen(options);
      const parent = options.path.slice(0, options.path.lastIndexOf("/"));
      modes.push((Deno.statSync(parent).mode ?? 0) & 0o777);
      return listener;
    }) as typeof Deno.listen;
    try {
      const socket = await listenUnix({ path: `${dir}/a.sock`, mode: 0o666 });
      assertEquals(modes, [0o700]);
      (await Deno.connect({ transport: "unix", path: `${dir}/a.sock` })).close();
      socket.unlink();
      socket.listener.close();
    } finally {
      Deno.listen = listen;
    }
  }));

Deno.test("listenUnix() replaces a link at PATH.pid, and leaves its target alone", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    await Deno.writeTextFile(`${dir}/target`, "other");
    await Deno.symlink(`${dir}/target`, `${path}.pid`);
    const socket = await listenUnix({ path });
    assertEquals(await Deno.readTextFile(`${dir}/target`), "other");
    const record = await Deno.lstat(`${path}.pid`);
    assertEquals([record.isFile, (record.mode ?? 0) & 0o777], [true, 0o644]);
    assertMatch(await Deno.readTextFile(`${path}.pid`), new RegExp(`^${Deno.pid} \\d+\n$`));
    socket.unlink();
    socket.listener.close();
    assertEquals(await names(dir), ["target"]);
  }));

Deno.test("readOwner() reads the record of the socket, and nothing that another user has put in its place", () =>
  withDir(async (dir) => {
    const path = `${dir}/a.sock`;
    const socket = await listenUnix({ path });
    const info = await Deno.lstat(path);
    assertEquals(readOwner(path, info), `pid ${Deno.pid}`);
    await Deno.writeTextFile(`${dir}/target`, `1 ${info.ino}\n`);
    await Deno.remove(`${path}.pid`);
    await Deno.symlink(`${dir}/target`, `${path}.pid`);
    assertEquals(readOwner(path, info), undefined);
    await Deno.remove(`${path}.pid`);
    await Deno.writeTextFile(`${path}.pid`, `1\x1b[2J ${info.ino}\n`);
    assertEquals(readOwner(path, info), undefined);
    await Deno.remove(`${path}.pid`);
    await new Deno.Command("mkfifo", { args: [`${path}.pid`] }).output();
    assertEquals(readOwner(path, info), undefined);
    socket.unlink();
    socket.listener.close();
  }));

Deno.test("listenUnix() reports how long a path may be, and uses one of that length", () =>
  withDir(async (dir) => {
    const longest = `${dir}/${"x".repeat(103 - dir.length - 1)}`;
    const error = await assertRejects(() => listenUnix({ path: `${longest}y` }), AppError);
    assert(isCode(error, "invalid_argument"));
    assertMatch(error.message, /the path has 104 bytes; use one of at most 103$/);
    const socket = await listenUnix({ path: longest });
    (await Deno.connect({ transport: "unix", path: longest })).close();
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
