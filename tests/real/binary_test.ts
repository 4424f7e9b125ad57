import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { run, runOk } from "./child.ts";
import { SLOW_MS } from "./tools.ts";

const COMPILE = new URL("../../scripts/compile.ts", import.meta.url).pathname;

Deno.test("a program compiled for a store and hosts can't use others", {
  timeout: SLOW_MS,
}, async () => {
  await using registry = await startRegistry();
  await using stranger = await startRegistry();
  await using box = await sandbox();
  const { reference, digest } = registry.push("team/app", "v1", await buildImage());
  const strange = stranger.push("team/app", "v1", await buildImage()).reference;
  const program = `${box.directory}/dray`;
  const options = ["--store", box.store, "--hosts", registry.host, "--output", program];
  await runOk(Deno.execPath(), ["run", "--allow-all", COMPILE, ...options]);
  assert((await Deno.stat(program)).size < 100_000_000);
  // Its store is built in, so the variable has no effect.
  const env = { HOME: box.home, DRAY_STORE: `${box.directory}/other` };
  const dray = (...args: readonly string[]) => run(program, args, { env, clearEnv: true });

  const pulled = await dray("pull", reference);
  assertEquals([pulled.code, pulled.stdout], [0, `${reference}@${digest}\n`], pulled.stderr);
  assertStringIncludes((await dray("images")).stdout, "team/app");

  const refused: readonly (readonly [line: readonly string[], what: string])[] = [
    [["pull", strange], stranger.host],
    [["images", "--store", `${box.directory}/other`], `${box.directory}/other`],
    [["pull", "--ca-file", `${box.directory}/ca.pem`, reference], `${box.directory}/ca.pem`],
    [["unpack", reference, `${box.directory}/tree`], `${box.directory}`],
  ];
  for (const [line, what] of refused) {
    const { code, stderr } = await dray(...line);
    assertEquals(code, 8, `${line.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, what);
  }
});
