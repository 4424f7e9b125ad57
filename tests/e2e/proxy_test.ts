import { assertEquals } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { type Sandbox, sandbox } from "./program.ts";

/** A closed port. */
const NOWHERE = "http://127.0.0.1:1";
const PROXIES = { HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE, http_proxy: NOWHERE, https_proxy: NOWHERE };

Deno.test("dray pull uses no proxy for loopback", async (t) => {
  for (const tls of [false, true]) {
    await t.step(tls ? "https" : "http", async () => {
      await using registry = await startRegistry({ tls });
      await using box = await sandbox();
      const file = `${box.directory}/ca.pem`;
      await Deno.writeTextFile(file, registry.authority?.cert ?? "");
      const { reference } = registry.push("app", "v1", await buildImage());
      await box.ok(["pull", ...(tls ? ["--ca-file", file] : []), reference], { env: PROXIES });
    });
  }
});

Deno.test("dray pull uses the proxy for other hosts", async () => {
  await using box = await sandbox();
  const pull = ["pull", "--plain-http", "registry.invalid/app"];
  const { code, stderr } = await box.dray(pull, { env: { HTTP_PROXY: NOWHERE } });
  assertEquals([code, stderr.includes("127.0.0.1:1")], [5, true], stderr);
});

/** Installs a credential helper that records its proxy variable. Returns a PATH that includes it. */
async function writeHelper(box: Sandbox, host: string): Promise<string> {
  const directory = `${box.directory}/bin`;
  await Deno.mkdir(directory);
  const script =
    `#!/bin/sh\necho "$HTTP_PROXY" > ${box.directory}/seen\necho '{"Username":"ann","Secret":"pw"}'\n`;
  await Deno.writeTextFile(`${directory}/docker-credential-mine`, script, { mode: 0o755 });
  await Deno.mkdir(`${box.home}/.docker`);
  const config = { credHelpers: { [host]: "mine" } };
  await Deno.writeTextFile(`${box.home}/.docker/config.json`, JSON.stringify(config));
  return `${directory}:${Deno.env.get("PATH")}`;
}

Deno.test("a credential helper gets the proxy variables", async () => {
  await using registry = await startRegistry({ auth: { kind: "basic", username: "ann", password: "pw" } });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const PATH = await writeHelper(box, registry.host);
  await box.ok(["pull", reference], { env: { ...PROXIES, PATH } });
  assertEquals(await Deno.readTextFile(`${box.directory}/seen`), `${NOWHERE}\n`);
});
