import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../assert.ts";
import { CallError, CriClient } from "../cri/test_service.ts";
import { buildImage, type TestImage } from "../images/mod.ts";
import { Gate, headers, holdAfter, startRegistry } from "../registry/mod.ts";
import { type Running, type Sandbox, sandbox, startCommand } from "./program.ts";

/** Waits for a line on the program's standard error. */
async function until(running: Running, pattern: RegExp): Promise<string> {
  const seen: string[] = [];
  // Not for-of, because leaving the loop would close the iterator.
  const lines = running.lines[Symbol.asyncIterator]();
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    if (pattern.test(next.value)) return next.value;
    seen.push(next.value);
  }
  throw new Error(`The program exited without ${pattern}:\n${seen.join("\n")}`);
}

/** A server that is ready. */
async function serve(box: Sandbox, ...more: readonly string[]): Promise<Running> {
  const running = box.start(["serve", "cri", "--socket", `${box.directory}/d.sock`, ...more]);
  await until(running, / INFO serving |"message":"serving"/);
  return running;
}

function layerOf(image: TestImage): Digest {
  const [layer] = image.layers;
  assert(layer !== undefined);
  return layer.descriptor.digest;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("the server and the command line share a store, and each sees the other's changes immediately", async () => {
  await using registry = await startRegistry();
  const { reference } = registry.push("t/app", "1", await buildImage());
  const other = registry.push("t/other", "1", await buildImage({ seed: 2 })).reference;
  await using box = await sandbox();
  await using _server = await serve(box);
  using cri = await CriClient.connect(`${box.directory}/d.sock`);
  await box.ok(["pull", reference]);
  assertEquals((await cri.status(reference))?.repoTags, [reference]);
  await box.ok(["pin", reference]);
  assertEquals((await cri.status(reference))?.pinned, true);
  await box.ok(["unpin", reference]);
  assertEquals((await cri.status(reference))?.pinned, false);
  const id = await cri.pull(other);
  assertEquals((await box.json(["images"])).map((image: { id: string }) => image.id).includes(id), true);
  await cri.remove(reference);
  assertEquals((await box.dray(["inspect", reference])).code, 3);
  await box.ok(["rm", "--all-tags", other]);
  assertEquals(await cri.list(), []);
});

Deno.test("SIGTERM: a running pull finishes, the socket is removed, and the program exits with 0", async () => {
  await using registry = await startRegistry();
  const image = await buildImage({ layers: [{ size: 100_000 }] });
  const { reference } = registry.push("t/app", "1", image);
  const gate = new Gate();
  registry.fault(layerOf(image), holdAfter(1000, gate));
  await using box = await sandbox();
  await using server = await serve(box);
  using cri = await CriClient.connect(`${box.directory}/d.sock`);
  const pull = cri.pull(reference);
  await gate.reached;
  server.kill("SIGTERM");
  await until(server, / INFO shutting down /);
  gate.open();
  assertEquals(await pull, image.config.digest);
  assertEquals((await server.status).code, 0);
  assertEquals(await exists(`${box.directory}/d.sock`), false);
});

Deno.test("a socket in use is refused with the server's pid; a stale one is replaced", async () => {
  await using box = await sandbox();
  const path = `${box.directory}/d.sock`;
  {
    await using server = await serve(box, "--socket-mode", "0600");
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const { code, stderr } = await box.dray(["serve", "cri", "--socket", path]);
    assertEquals(code, 9);
    assertStringIncludes(stderr, `d.sock": in use by pid ${server.pid}`);
    server.kill("SIGKILL");
    await server.status;
  }
  assert(await exists(path));
  await using _next = await serve(box);
  using cri = await CriClient.connect(path);
  assertEquals(await cri.list(), []);
});

Deno.test("under umask 000, only the owner can write to the server's directory, and the socket has its mode", async () => {
  await using box = await sandbox();
  const path = `${box.directory}/run/dray/d.sock`;
  const [command = "", ...words] = box.words;
  const args = ["-c", 'umask 0; exec "$@"', "sh", command, ...words, "serve", "cri", "--socket", path];
  await using server = startCommand("sh", args, box.environment);
  await until(server, / INFO serving /);
  const modes = await Promise.all(
    [`${box.directory}/run`, `${box.directory}/run/dray`, path, `${path}.pid`].map(Deno.lstat),
  );
  assertEquals(modes.map(({ mode }) => ((mode ?? 0) & 0o777).toString(8)), ["755", "755", "660", "644"]);
  using cri = await CriClient.connect(path);
  assertEquals(await cri.list(), []);
});

Deno.test("metrics and progress are served, and the log can be JSON", async () => {
  await using registry = await startRegistry();
  const image = await buildImage({ layers: [{ size: 100_000 }] });
  const { reference } = registry.push("t/app", "1", image);
  const gate = new Gate();
  registry.fault(layerOf(image), holdAfter(1000, gate));
  await using box = await sandbox();
  const http = `unix:${box.directory}/h.sock`;
  await using server = await serve(box, "--http", http, "--log-format", "json");
  using cri = await CriClient.connect(`${box.directory}/d.sock`);
  const headers = [["traceparent", `00-${"a".repeat(32)}-${"b".repeat(16)}-01`]] as const;
  const pull = cri.call(ImageService.method.pullImage, { image: { image: reference } }, { headers });
  await gate.reached;
  const lines = (await box.ok(["progress", "--http", http])).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(lines[0], { ...lines[0], v: 1, name: reference, pull: "1", event: "resolving" });
  assert(lines.some(({ event, state }) => event === "blob" && state === "fetching"));
  gate.open();
  await pull;
  const call = JSON.parse(await until(server, /PullImage/));
  assertEquals([call.fields.code, call.fields.traceId], ["ok", "a".repeat(32)]);
  const metrics = await get(`${box.directory}/h.sock`, "/metrics");
  assertMatch(metrics, /^dray_pulls_total\{status="ok"\} 1$/m);
  assertMatch(metrics, /^dray_images 1$|^dray_images 0$/m);
  assertMatch(
    metrics,
    /^dray_grpc_calls_total\{method="runtime\.v1\.ImageService\/PullImage",code="ok"\} 1$/m,
  );
  assertMatch(await get(`${box.directory}/h.sock`, "/none"), /^HTTP\/1\.1 404 /);
});

Deno.test("warnings of registries are lines of the server's log", async () => {
  await using registry = await startRegistry();
  const image = await buildImage();
  const { reference } = registry.push("t/app", "1", image);
  registry.fault({ kind: "manifest" }, headers({ warning: '299 - "this tag will be deleted"' }));
  await using box = await sandbox();
  await using server = await serve(box, "--log-format", "json");
  using cri = await CriClient.connect(`${box.directory}/d.sock`);
  await cri.pull(reference);
  const { level, message, fields } = JSON.parse(await until(server, /will be deleted/));
  assertEquals([level, message, fields.warning], [
    "warning",
    "A registry sent a warning",
    "this tag will be deleted",
  ]);
});

Deno.test("an error in the server's own files is FAILED_PRECONDITION, not DATA_LOSS", async (t) => {
  await using registry = await startRegistry();
  await using login = await startRegistry({ auth: { kind: "basic", username: "ann", password: "pw" } });
  const { reference } = registry.push("t/app", "1", await buildImage());
  const denied = login.push("t/app", "1", await buildImage()).reference;
  for (const [name, args] of [["hosts.toml", ["--certs-dir"]], ["auth.json", ["--auth-file"]]] as const) {
    await t.step(name, async () => {
      await using box = await sandbox();
      const directory = `${box.directory}/files/broken.test`;
      await Deno.mkdir(directory, { recursive: true });
      await Deno.writeTextFile(`${directory}/${name}`, "[broken");
      const path = name === "hosts.toml" ? `${box.directory}/files` : `${directory}/${name}`;
      await using _server = await serve(box, ...args, path);
      using cri = await CriClient.connect(`${box.directory}/d.sock`);
      const error = await assertRejects(
        () => cri.pull(name === "hosts.toml" ? "broken.test/app:1" : denied),
        CallError,
      );
      assertEquals(error.code, 9, error.message);
      assertStringIncludes(error.message, name);
      if (name === "hosts.toml") await cri.pull(reference);
    });
  }
});

Deno.test("invalid options are reported before anything is served", async (t) => {
  await using box = await sandbox();
  const cases: readonly [args: readonly string[], code: number][] = [
    [["serve", "cra"], 2],
    [["serve", "cri", "--socket-mode", "9"], 2],
    [["serve", "cri", "--socket-group", "no-such-group"], 2],
    [["serve", "cri", "--http", "x"], 2],
    [["serve", "cri", "--pinned", "a*b*"], 2],
    [["progress", "--http", `unix:${box.directory}/none.sock`], 5],
    [["pin", "none/such:1"], 3],
  ];
  for (const [args, code] of cases) {
    await t.step(args.join(" "), async () => {
      const more = args[0] === "serve" ? ["--socket", `${box.directory}/w.sock`] : [];
      const ended = await box.dray([...args, ...more]);
      assertEquals(ended.code, code, ended.stderr);
      assertEquals(await exists(`${box.directory}/w.sock`), false);
    });
  }
});

async function get(path: string, target: string): Promise<string> {
  using conn = await Deno.connect({ transport: "unix", path });
  await conn.write(new TextEncoder().encode(`GET ${target} HTTP/1.1\r\nhost: x\r\n\r\n`));
  return await new Response(conn.readable).text();
}
