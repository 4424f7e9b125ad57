import { assertEquals, assertStringIncludes } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { bundleFile, bundleModules } from "../../scripts/bundle.ts";
import { run, Server } from "./child.ts";
import { SLOW_MS } from "./tools.ts";

Deno.test("the bundle pulls and serves from a URL, with the flags that it prints itself", {
  timeout: SLOW_MS,
}, async () => {
  const file = await Deno.readFile(await bundleFile());
  await using host = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(file, { headers: { "content-type": "text/javascript" } }),
  );
  const url = `http://127.0.0.1:${host.addr.port}/dray.js`;
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference, digest } = registry.push("team/app", "v1", await buildImage());
  // A new cache, so that earlier runs have no effect.
  const environment = { ...box.environment, DENO_DIR: `${box.directory}/deno`, DENO_NO_PROMPT: "1" };
  const deno = (args: readonly string[]) =>
    run(Deno.execPath(), ["run", "--quiet", ...args], { env: environment, clearEnv: true });
  const flagsFor = async (line: readonly string[]) => {
    const { code, stdout, stderr } = await deno(["--allow-read", "--allow-env", url, "permissions", ...line]);
    assertEquals(code, 0, stderr);
    return stdout.trim().split(" ");
  };

  const pull = ["pull", reference];
  const pulled = await deno([...await flagsFor(pull), url, ...pull]);
  assertEquals([pulled.code, pulled.stdout], [0, `${reference}@${digest}\n`], pulled.stderr);

  const http = `unix:${box.directory}/http.sock`;
  const serve = ["serve", "cri", "--socket", `${box.directory}/cri.sock`, "--http", http];
  const words = ["run", "--quiet", ...await flagsFor(serve), url, ...serve];
  await using server = new Server(Deno.execPath(), words, environment);
  await server.until(/serving/);
  const progress = ["progress", "--json", "--http", http];
  const shown = await deno([...await flagsFor(progress), url, ...progress]);
  assertEquals(shown.code, 0, shown.stderr);
  assertStringIncludes((await deno([...await flagsFor(["images"]), url, "images"])).stdout, "team/app");
});

Deno.test("the modules, most of whose functions are compiled ahead, pull, unpack and print their version", {
  timeout: SLOW_MS,
}, async () => {
  const main = await bundleModules();
  await using registry = await startRegistry();
  await using box = await sandbox();
  const layers = [{ size: 3_000_000 }, { size: 2_000_000 }, {
    size: 2_000_000,
    compression: "zstd",
  }] as const;
  const { reference, digest } = registry.push("team/app", "v1", await buildImage({ layers }));
  const dray = (...args: readonly string[]) =>
    run(Deno.execPath(), ["run", "--allow-all", main, ...args], { env: box.environment, clearEnv: true });
  const pulled = await dray("pull", reference);
  assertEquals([pulled.code, pulled.stdout], [0, `${reference}@${digest}\n`], pulled.stderr);
  const unpacked = await dray("unpack", reference, `${box.directory}/root`);
  assertEquals(unpacked.code, 0, unpacked.stderr);
  assertEquals([...Deno.readDirSync(`${box.directory}/root/data`)].length, 3);
  assertStringIncludes((await dray("version")).stdout, "dray ");
  assertEquals((await dray("verify")).code, 0);
});
