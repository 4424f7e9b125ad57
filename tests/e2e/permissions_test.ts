import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { createAuthority } from "../certificates/mod.ts";
import { buildImage } from "../images/mod.ts";
import type { Attempts } from "../permissions/attempts.ts";
import { type Finished, run, Server } from "../real/child.ts";
import { redirectTo, startRegistry } from "../registry/mod.ts";
import { type Sandbox, sandbox } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MAIN = `${ROOT}main.ts`;
const OUTSIDE = `${ROOT}tests/permissions/outside.ts`;
const INSIDE = `${ROOT}tests/permissions/inside.ts`;
const NOTHING: Attempts = {
  read: false,
  write: false,
  net: false,
  run: false,
  env: false,
  sys: false,
  ffi: false,
};

/** Runs a script with this runtime, in the environment of a sandbox. */
function deno(box: Sandbox, args: readonly string[]): Promise<Finished> {
  const env = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: box.home,
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    DRAY_STORE: box.store,
    NO_COLOR: "1",
    DENO_NO_PROMPT: "1",
  };
  return run(Deno.execPath(), ["run", "--quiet", ...args], { env, clearEnv: true });
}

/** Creates a directory that no permission covers. */
async function forbidden(box: Sandbox): Promise<string> {
  const directory = `${box.directory}/forbidden`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(`${directory}/secret`, "secret");
  return directory;
}

Deno.test("the flags that dray permissions prints are sufficient, and deny everything else", async (t) => {
  await using registry = await startRegistry();
  await using stranger = await startRegistry();
  await using box = await sandbox();
  const directory = await forbidden(box);
  const { reference } = registry.push("team/app", "v1", await buildImage());
  const layer = { size: 20 * 1024 * 1024, compression: "none" } as const;
  const { reference: long } = registry.push("team/long", "v1", await buildImage({ layers: [layer] }));
  const lines: readonly (readonly [line: readonly string[], more?: Partial<Attempts>])[] = [
    [["pull", reference]],
    [["pull", long]],
    [["pull", "--all-platforms", reference]],
    [["images"]],
    [["inspect", reference]],
    [["digest", reference]],
    [["digest", "--remote", reference]],
    [["tags", `${registry.host}/team/app`]],
    [["verify"]],
    [["verify", "--repair", reference]],
    [["df"]],
    [["tag", reference, "localhost/mine:1"]],
    [["pin", reference]],
    [["unpin", reference]],
    [["gc"]],
    [["export", reference, "--output", `${box.directory}/out/image.tar`]],
    [["import", `${box.directory}/out/image.tar`]],
    [["unpack", reference, `${box.directory}/tree`], { read: true, write: true, ffi: true }],
    [["diff", reference, reference]],
    [["rm", reference]],
    [["permissions", "pull", reference]],
    [["logout", registry.host]],
    [["version"]],
    [["help", "pull"]],
    [["completions", "bash"]],
  ];
  await Deno.mkdir(`${box.directory}/out`);
  await Deno.mkdir(`${box.home}/.docker`);
  await Deno.writeTextFile(
    `${box.home}/.docker/config.json`,
    JSON.stringify({ auths: { [registry.host]: { auth: btoa("a:b") } } }),
  );
  for (const [line, more = {}] of lines) {
    await t.step(line.join(" "), async () => {
      const flags = (await box.ok(["permissions", ...line])).trim().split(" ");
      assert(flags.every((flag) => flag.startsWith("--")), flags.join(" "));
      const { code, stderr } = await deno(box, [...flags, MAIN, ...line]);
      assertEquals(code, 0, `${flags.join(" ")}\n${stderr}`);
      // A worker thread without permission to load its module would print that here.
      assert(!/error|Uncaught/.test(stderr), stderr);
      const outside = await deno(box, [...flags, OUTSIDE, directory, stranger.host]);
      assertEquals(JSON.parse(outside.stdout || outside.stderr), { ...NOTHING, ...more });
    });
  }
});

/**
 * The project's configuration with the paths of a sandbox in its permission sets. Flags would replace whole
 * kinds.
 */
async function configFor(box: Sandbox, host: string): Promise<string> {
  const config = await Deno.readTextFile(`${ROOT}deno.json`);
  const path = `${box.directory}/deno.json`;
  const own = config.replaceAll('"/var/lib/dray"', JSON.stringify(box.store))
    .replaceAll('"/root/', `"${box.home}/`).replaceAll('"/run/dray"', JSON.stringify(`${box.directory}/run`))
    .replaceAll('"ghcr.io:443"', JSON.stringify(host));
  await Deno.writeTextFile(path, own);
  return path;
}

Deno.test("each permission set is sufficient for its commands, and denies everything else", async (t) => {
  await using registry = await startRegistry();
  await using stranger = await startRegistry();
  await using box = await sandbox();
  const directory = await forbidden(box);
  const config = await configFor(box, registry.host);
  const { reference } = registry.push("team/app", "v1", await buildImage());
  const flagsOf = (set: string) => [`--permission-set=${set}`, `--config=${config}`, "--no-lock"];
  const lines: readonly (readonly [set: string, line: readonly string[], more?: Partial<Attempts>])[] = [
    ["pull", ["pull", reference]],
    ["pull", ["tags", `${registry.host}/team/app`]],
    ["read", ["images"]],
    ["read", ["verify", reference]],
    ["read", ["df"]],
    ["unpack", ["unpack", reference, `${box.directory}/tree`], { read: true, write: true, ffi: true }],
  ];
  for (const [set, line, more = {}] of lines) {
    await t.step(`${set}: dray ${line.join(" ")}`, async () => {
      const { code, stderr } = await deno(box, [...flagsOf(set), MAIN, ...line]);
      assertEquals(code, 0, stderr);
      const outside = await deno(box, [...flagsOf(set), OUTSIDE, directory, stranger.host]);
      assertEquals(JSON.parse(outside.stdout || outside.stderr), { ...NOTHING, ...more });
    });
  }
  await t.step("serve: dray serve cri", async () => {
    const socket = `${box.directory}/run/dray.sock`;
    const words = ["run", "--quiet", "--no-prompt", ...flagsOf("serve"), MAIN, "--store", box.store];
    {
      await using server = new Server(Deno.execPath(), [...words, "serve", "cri", "--socket", socket]);
      await server.until(/serving/);
      (await Deno.connect({ transport: "unix", path: socket })).close();
    }
    const outside = await deno(box, [...flagsOf("serve"), OUTSIDE, directory, stranger.host]);
    assertEquals(JSON.parse(outside.stdout || outside.stderr), { ...NOTHING, net: true });
  });
});

Deno.test("a run drops the permissions that its command does not need", async (t) => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const directory = await forbidden(box);
  const { reference } = registry.push("team/app", "v1", await buildImage());
  const lines: readonly (readonly [line: readonly string[], kept: Partial<Attempts>])[] = [
    [["pull", reference], { read: true, write: true, net: true }],
    [["images"], { read: true }],
    [["df"], { read: true, sys: true }],
    [["tag", reference, "localhost/mine:1"], { read: true, write: true }],
    [["digest", "--remote", reference], { read: true, net: true }],
    [["unpack", reference, `${box.directory}/tree`], { read: true, write: true, sys: true, ffi: true }],
    [["version"], {}],
    [["completions", "fish"], {}],
  ];
  for (const [line, kept] of lines) {
    await t.step(line.join(" "), async () => {
      const { code, stderr } = await deno(box, ["--allow-all", INSIDE, directory, registry.host, ...line]);
      assertEquals(code, 0, stderr);
      assertEquals(JSON.parse(stderr.trim().split("\n").at(-1) ?? ""), { ...NOTHING, ...kept });
    });
  }
  await t.step("a credential helper named in a file can be run", async () => {
    await Deno.mkdir(`${box.home}/.docker`);
    await Deno.writeTextFile(
      `${box.home}/.docker/config.json`,
      JSON.stringify({ credHelpers: { "h.io": "x" } }),
    );
    const { stderr } = await deno(box, ["--allow-all", INSIDE, directory, registry.host, "pull", reference]);
    const kept = { read: true, write: true, net: true, run: true };
    assertEquals(JSON.parse(stderr.trim().split("\n").at(-1) ?? ""), { ...NOTHING, ...kept });
  });
});

Deno.test("a missing permission ends a run with exit code 8 and the flag to add", async (t) => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference } = registry.push("team/app", "v1", await buildImage());
  const env = "--allow-env=HOME,DRAY_STORE";
  const all = [
    env,
    `--allow-read=${box.directory},/etc`,
    `--allow-write=${box.store}`,
    `--allow-net=${registry.host}`,
  ];
  const without = (flag: string) => all.filter((one) => !one.startsWith(flag));
  const cases: readonly (readonly [flags: readonly string[], line: readonly string[], flag: string])[] = [
    [without("--allow-net"), ["pull", reference], `--allow-net=${registry.host}`],
    [without("--allow-write"), ["pull", reference], `--allow-write=${box.store}`],
    [without("--allow-read"), ["pull", reference], `--allow-read=${box.store}`],
    [[env], ["images"], `--allow-read=${box.store}`],
    [[env, `--allow-read=${box.store}`], ["tag", "a", "b"], `--allow-write=${box.store}`],
    [[...all], ["pull", "--ca-file", "/none/ca.pem", reference], "--allow-read=/none/ca.pem"],
  ];
  for (const [flags, line, flag] of cases) {
    await t.step(`${line.join(" ")} without ${flag.split("=")[0]}`, async () => {
      const { code, stderr } = await deno(box, [...flags, MAIN, ...line]);
      assertEquals(code, 8, stderr);
      assertStringIncludes(stderr, flag);
      assertStringIncludes(stderr, "dray permissions");
    });
  }
});

Deno.test("dray permissions --probe prints the other hosts that a registry uses", async () => {
  await using storage = await startRegistry();
  await using registry = await startRegistry({ auth: { kind: "bearer" }, content: storage.content });
  await using box = await sandbox();
  const { reference } = registry.push("team/app", "v1", await buildImage());
  registry.fault({ kind: "blob", times: Infinity }, redirectTo(storage.origin));
  const plain = JSON.parse(await box.ok(["permissions", "--json", "pull", reference]));
  assertEquals(plain.net, [registry.host]);
  const probed = JSON.parse(await box.ok(["permissions", "--probe", "--json", "pull", reference]));
  assert(probed.net.includes(registry.host) && probed.net.includes(storage.host), probed.net);
});

Deno.test("dray permissions reads mirrors, certificates, helpers and proxies from their configuration", async () => {
  await using box = await sandbox();
  const directory = `${box.directory}/certs.d/ghcr.io`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(`${box.directory}/ca.pem`, (await createAuthority()).cert);
  const hosts = `[host."https://mirror.example:8443"]\n  ca = "${box.directory}/ca.pem"\n`;
  await Deno.writeTextFile(`${directory}/hosts.toml`, hosts);
  await Deno.mkdir(`${box.home}/.docker`);
  await Deno.writeTextFile(`${box.home}/.docker/config.json`, JSON.stringify({ credsStore: "pass" }));
  const line = [
    "permissions",
    "--json",
    "pull",
    "--certs-dir",
    `${box.directory}/certs.d`,
    "ghcr.io/org/app",
  ];
  const set = JSON.parse(await box.ok(line, { env: { https_proxy: "http://user:pw@proxy.example:3128" } }));
  assertEquals(set.net, [
    "ghcr.io:443",
    "mirror.example:8443",
    "pkg-containers.githubusercontent.com:443",
    "proxy.example:3128",
  ]);
  assertEquals(set.run, ["docker-credential-pass"]);
  assert(set.read.includes(`${box.directory}/ca.pem`) && set.read.includes(`${box.directory}/certs.d`));
  assert(set.env.includes("https_proxy"));

  const server = JSON.parse(
    await box.ok([
      "permissions",
      "--json",
      "--registry",
      "quay.io",
      "serve",
      "cri",
      "--http",
      "127.0.0.1:9323",
    ]),
  );
  assert(server.net.includes("quay.io:443") && server.net.includes("127.0.0.1:9323"), server.net);
  assertEquals(server.run, undefined);
});
