import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/assert.ts";
import { makeFixture } from "../../tests/fakes/fixture.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { pullImage } from "../image/pull/pull.ts";
import { dray } from "./test_kit.ts";
import { VERSION } from "./context/version.ts";

Deno.test("run() prints the version in all three ways", async () => {
  const { code, out, err } = await dray(["version"]);
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, `dray ${VERSION} (deno ${Deno.version.deno}`);
  assertEquals((await dray(["--version"])).out, out);
  assertEquals(JSON.parse((await dray(["version", "--json"])).out).version, VERSION);
});

Deno.test("run() prints requested help on standard output, other help on standard error", async () => {
  const help = await dray(["--help"]);
  assertEquals([help.code, help.err], [0, ""]);
  assertEquals((await dray(["help"])).out, help.out);
  assertEquals((await dray(["help", "pull"])).out, (await dray(["pull", "--help"])).out);
  const nothing = await dray([]);
  assertEquals([nothing.code, nothing.out, nothing.err], [2, "", help.out]);
});

Deno.test("run() reports a usage error in one line, and names the help to read", async () => {
  const { code, out, err } = await dray(["pull", "--platfrom", "x", "y"]);
  assertEquals([code, out], [2, ""]);
  assertEquals(
    err,
    'dray: Cannot run "dray pull": unknown option "--platfrom"; did you mean "--platform"?\n' +
      'See "dray pull --help".\n',
  );
  assertMatch((await dray(["help", "pul"])).err, /did you mean "pull"\?/);
  assertMatch((await dray(["completions", "fihs"])).err, /did you mean "fish"\?/);
});

Deno.test("run() rejects an incomplete login, and a store without a location", async () => {
  const env = { HOME: "/nonexistent" };
  const alone = await dray(["pull", "--password-stdin", "a"], { env });
  assertEquals(alone.code, 2);
  assertStringIncludes(alone.err, "--password-stdin requires --username");
  const empty = await dray(["pull", "-u", "me", "--password-stdin", "a"], { env });
  assertEquals(empty.code, 2);
  assertStringIncludes(empty.err, "standard input is empty");
  const homeless = await dray(["images"]);
  assertEquals(homeless.code, 2);
  assertStringIncludes(homeless.err, "DRAY_STORE");
  const wrong = await dray(["pull", "--ca-file", "/nonexistent", "a"], { env });
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.err, '--ca-file "/nonexistent"');
});

Deno.test("run() lists a missing store as empty", async () => {
  const env = { DRAY_STORE: "/nonexistent/store" };
  assertEquals(await dray(["images", "--json"], { env }), { code: 0, out: "[]\n", err: "" });
  assertEquals((await dray(["images", "--names"], { env })).out, "");
  const missing = await dray(["inspect", "nothing"], { env });
  assertEquals([missing.code, missing.out], [3, ""]);
});

Deno.test("run() ends quietly when the reader of standard output has gone away", async () => {
  assertEquals(await dray(["help"], { isClosed: true }), { code: 141, out: "", err: "" });
});

Deno.test("run() distinguishes an interrupt from a failure", async () => {
  const env = { DRAY_STORE: await Deno.makeTempDir() };
  try {
    for (const [received, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const ended = await dray(["gc"], { env, received });
      assertEquals([ended.code, ended.out], [code, ""]);
      assertEquals(ended.err, `dray: Interrupted by ${received}\n`);
    }
  } finally {
    await Deno.remove(env.DRAY_STORE, { recursive: true });
  }
});

Deno.test("run() stops even small changes of the store at an interrupt", async (t) => {
  await using parts = await makeFixture();
  const { deps, remote, root, store } = parts;
  remote.push("1", await buildImage());
  await pullImage(deps, "a.b/c:1");
  const before = await store.listImages();
  for (const args of [["tag", "a.b/c:1", "d:1"], ["pin", "a.b/c:1"], ["rm", "a.b/c:1"]]) {
    await t.step(args.join(" "), async () => {
      const { code, out } = await dray(args, { env: { DRAY_STORE: root }, received: "SIGINT" });
      assertEquals([code, out], [130, ""]);
      assertEquals(await store.listImages(), before);
    });
  }
});

Deno.test("run() writes errors as JSON lines with --log-format json", async () => {
  const { code, err } = await dray(["--log-format", "json", "inspect", "nothing"], {
    env: { DRAY_STORE: "/nonexistent/store" },
  });
  assertEquals(code, 3);
  assert(err.endsWith("}\n"));
  const line = JSON.parse(err);
  assertEquals([line.level, line.code, line.exitCode], ["error", "not_found", 3]);
  for (const args of [["--log-format=json"], ["--log-format", "json"], ["pull", "--progress", "json"]]) {
    const wrong = await dray([...args, "--bogus"]);
    assertEquals([wrong.code, JSON.parse(wrong.err).code], [2, "invalid_argument"]);
  }
});

Deno.test("run() writes messages as JSON with JSON events", async () => {
  const { code, err } = await dray(["pull", "--progress=json", "A"], { env: { DRAY_STORE: "/nonexistent" } });
  const lines = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, lines.at(-1)?.level], [lines.at(-1)?.exitCode, "error"]);
});
