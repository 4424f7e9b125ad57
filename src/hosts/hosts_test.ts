import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { createHosts } from "./hosts.ts";
import type { HostSettings } from "./settings.ts";
import { serve, testPem } from "../http/test_servers.ts";

const CA = testPem("ca.crt");
const OTHER_CA = testPem("server.crt");

/** Creates a certs.d with the files `registry/file`; disposing it removes the directory. */
async function certsDir(files: Readonly<Record<string, string>>) {
  const path = await Deno.makeTempDir({ prefix: "dray-certs-" });
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${path}/${name.slice(0, name.lastIndexOf("/"))}`, { recursive: true });
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Returns the hosts as text: `mirror http://… pull,resolve`. */
async function hostLines(settings: HostSettings, registry: string): Promise<readonly string[]> {
  const hosts = await createHosts(settings).hostsFor(registry);
  return hosts.map(({ base, isMirror, capabilities }) =>
    `${isMirror ? "mirror" : "origin"} ${base.href} ${[...capabilities].join()}`
  );
}

Deno.test("A registry is reached over https, unless it is on loopback or plain HTTP was chosen", async (t) => {
  const cases: readonly (readonly [registry: string, settings: HostSettings, base: string])[] = [
    ["docker.io", {}, "https://registry-1.docker.io/v2/"],
    ["ghcr.io", {}, "https://ghcr.io/v2/"],
    ["reg.example:5000", {}, "https://reg.example:5000/v2/"],
    ["10.0.0.1:5000", {}, "https://10.0.0.1:5000/v2/"],
    ["localhost:5000", {}, "http://localhost:5000/v2/"],
    ["127.0.0.1:5000", {}, "http://127.0.0.1:5000/v2/"],
    ["127.8.9.1", {}, "http://127.8.9.1/v2/"],
    ["[::1]:5000", {}, "http://[::1]:5000/v2/"],
    ["a.localhost", {}, "http://a.localhost/v2/"],
    ["localhost.example", {}, "https://localhost.example/v2/"],
    ["localhost:5000", { caCerts: [CA] }, "https://localhost:5000/v2/"],
    ["reg.example", { plainHttp: true }, "http://reg.example/v2/"],
    ["localhost:5000", { plainHttp: true, caCerts: [CA] }, "http://localhost:5000/v2/"],
  ];
  for (const [registry, settings, base] of cases) {
    await t.step(`${registry} -> ${base}`, async () => {
      assertEquals(await hostLines(settings, registry), [`origin ${base} pull,resolve`]);
    });
  }
});

Deno.test("A loopback registry with certificates in certs.d uses TLS", async () => {
  await using dir = await certsDir({
    "localhost:5000/ca.crt": CA,
    "127.0.0.1_5000_/ca.crt": CA,
    "localhost:5001/hosts.toml": "",
  });
  const settings = { certsDirs: [`${dir.path}/none`, dir.path] };
  assertEquals(await hostLines(settings, "localhost:5000"), [
    "origin https://localhost:5000/v2/ pull,resolve",
  ]);
  assertEquals(await hostLines(settings, "127.0.0.1:5000"), [
    "origin https://127.0.0.1:5000/v2/ pull,resolve",
  ]);
  assertEquals(await hostLines(settings, "localhost:5001"), [
    "origin http://localhost:5001/v2/ pull,resolve",
  ]);
  assertEquals(await hostLines(settings, "localhost:5002"), [
    "origin http://localhost:5002/v2/ pull,resolve",
  ]);
});

Deno.test("Mirrors of hosts.toml come first, in the order of the file, and the registry itself last", async () => {
  await using dir = await certsDir({
    "docker.io/hosts.toml": `
server = "https://docker.io"
[host."https://b.example"]
capabilities = ["pull"]
[host."https://a.example"]
[host."https://registry-1.docker.io"]
`,
    "quay.io/hosts.toml": '[host."https://a.example/quay"]\noverride_path = true\n',
  });
  const settings = { certsDirs: [dir.path] };
  assertEquals(await hostLines(settings, "docker.io"), [
    "mirror https://b.example/v2/ pull",
    "mirror https://a.example/v2/ pull,resolve",
    "origin https://registry-1.docker.io/v2/ pull,resolve",
  ]);
  assertEquals(await hostLines(settings, "quay.io"), [
    "mirror https://a.example/quay/ pull,resolve",
    "origin https://quay.io/v2/ pull,resolve",
  ]);
});

Deno.test("The registry's own hosts.toml takes precedence over _default in any directory; a directory without one doesn't", async () => {
  await using first = await certsDir({
    "_default/hosts.toml": '[host."https://default.example"]\n',
    "reg.example/ca.crt": CA,
  });
  await using second = await certsDir({ "own.example/hosts.toml": '[host."https://own-mirror.example"]\n' });
  const settings = { certsDirs: [first.path, second.path] };
  const mirrorOf = async (registry: string) => (await hostLines(settings, registry))[0];
  assertEquals(await mirrorOf("own.example"), "mirror https://own-mirror.example/v2/ pull,resolve");
  assertEquals(await mirrorOf("reg.example"), "mirror https://default.example/v2/ pull,resolve");
  assertEquals(await mirrorOf("any.example"), "mirror https://default.example/v2/ pull,resolve");
});

Deno.test("`server` is the registry itself in its own hosts.toml, and a mirror in that of _default", async () => {
  await using dir = await certsDir({
    "moved.example/hosts.toml": 'server = "http://10.0.0.9:5000"\n',
    "_default/hosts.toml": 'server = "https://cache.example"\n',
  });
  const settings = { certsDirs: [dir.path] };
  assertEquals(await hostLines(settings, "moved.example"), ["origin http://10.0.0.9:5000/v2/ pull,resolve"]);
  const [moved] = await createHosts(settings).hostsFor("moved.example");
  assertEquals(moved?.isPlainChosen, true);
  assertEquals(await hostLines(settings, "any.example"), ["mirror https://cache.example/v2/ pull,resolve"]);
  assertEquals(await hostLines(settings, "cache.example"), ["origin https://cache.example/v2/ pull,resolve"]);
});

Deno.test("A `server` or mirror with another name than the registry is sent the registry's name", async (t) => {
  const cases:
    readonly (readonly [registry: string, toml: string, renamed: readonly (boolean | undefined)[]])[] = [
      ["reg.example", 'server = "https://proxy.example"', [true]],
      ["reg.example", 'server = "http://10.0.0.9:5000"', [true]],
      ["reg.example", 'server = "https://reg.example:8443"', [true]],
      ["reg.example", 'server = "https://reg.example/v2/sub"', [undefined]],
      ["reg.example", 'server = "http://reg.example"', [undefined]],
      ["reg.example:443", 'server = "https://reg.example"', [undefined]],
      ["docker.io", 'server = "https://docker.io"', [undefined]],
      ["docker.io", 'server = "https://registry-1.docker.io"', [undefined]],
      [
        "docker.io",
        'server = "https://proxy.example"\n[host."https://proxy.example"]\ncapabilities = ["pull"]',
        [true, true],
      ],
    ];
  for (const [registry, toml, want] of cases) {
    await t.step(`${registry}: ${toml}`, async () => {
      await using dir = await certsDir({ [`${registry}/hosts.toml`]: `${toml}\n` });
      const hosts = await createHosts({ certsDirs: [dir.path] }).hostsFor(registry);
      assertEquals(hosts.map(({ isRenamed }) => isRenamed), [...want]);
      assert(hosts.every(({ isMirror }) => !isMirror));
    });
  }
});

Deno.test("Each host has the certificates that are configured for it", async () => {
  await using dir = await certsDir({
    "reg.example/ca.crt": CA,
    "reg.example/hosts.toml": '[host."https://m.example"]\nca = "../m.pem"\nclient = "../client.pem"\n',
    "x/ignored": "",
  });
  await Deno.writeTextFile(`${dir.path}/m.pem`, OTHER_CA);
  await Deno.writeTextFile(`${dir.path}/client.pem`, testPem("client.crt") + testPem("client.key"));
  const hosts = createHosts({ certsDirs: [dir.path] });
  await hosts.hostsFor("reg.example");
  const tlsOf = (url: string) => hosts.tlsFor(new URL(url));
  assertEquals((await tlsOf("https://reg.example/v2/")).caCerts, [CA]);
  assertEquals((await tlsOf("https://reg.example/v2/")).client, undefined);
  assertEquals((await tlsOf("https://m.example/v2/")).caCerts, [OTHER_CA]);
  assert((await tlsOf("https://m.example/v2/")).client?.key.includes("PRIVATE KEY"));
  assertEquals(await tlsOf("https://cdn.example/blob"), { caCerts: [] });
});

Deno.test("CAs of the settings are trusted for every host, those of _default for registries only", async () => {
  await using dir = await certsDir({ "_default/ca.crt": OTHER_CA });
  const hosts = createHosts({ certsDirs: [dir.path], caCerts: [CA] });
  await hosts.hostsFor("reg.example");
  assertEquals((await hosts.tlsFor(new URL("https://reg.example/"))).caCerts, [CA, OTHER_CA]);
  assertEquals((await hosts.tlsFor(new URL("https://cdn.example/"))).caCerts, [CA]);
});

Deno.test("An invalid file is an error on each lookup until it is corrected", async () => {
  await using dir = await certsDir({ "reg.example/hosts.toml": "server = " });
  const hosts = createHosts({ certsDirs: [dir.path] });
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(() => hosts.hostsFor("reg.example"));
    assert(error instanceof AppError);
    assertStringIncludes(error.message, `${dir.path}/reg.example/hosts.toml`);
  }
  await Deno.writeTextFile(`${dir.path}/reg.example/hosts.toml`, "");
  assertEquals((await hosts.hostsFor("reg.example")).length, 1);
});

Deno.test("The error for a missing CA file of hosts.toml names it", async () => {
  await using dir = await certsDir({
    "reg.example/hosts.toml": '[host."https://m.example"]\nca = "gone.pem"\n',
  });
  const error = await assertRejects(() => createHosts({ certsDirs: [dir.path] }).hostsFor("reg.example"));
  assert(error instanceof AppError);
  assertStringIncludes(error.message, `${dir.path}/reg.example/gone.pem`);
});

Deno.test("A loopback registry without a configured scheme is reached over https if its port uses TLS", async () => {
  await using tls = serve(() => new Response(), { tls: "server" });
  await using plain = serve(() => new Response());
  const mirror = `[host."127.0.0.1:${tls.port}"]`;
  const chosen = `[host."http://localhost:${tls.port}"]`;
  await using dir = await certsDir({ "reg.example/hosts.toml": `${mirror}\n${chosen}` });
  const https = `https://127.0.0.1:${tls.port}/v2/`;
  const http = (port: number) => `http://127.0.0.1:${port}/v2/`;
  const all = "pull,resolve";
  assertEquals(await hostLines({}, `127.0.0.1:${tls.port}`), [`origin ${https} ${all}`]);
  assertEquals(await hostLines({}, `127.0.0.1:${plain.port}`), [`origin ${http(plain.port)} ${all}`]);
  assertEquals(await hostLines({ plainHttp: true }, `127.0.0.1:${tls.port}`), [
    `origin ${http(tls.port)} ${all}`,
  ]);
  assertEquals(await hostLines({ certsDirs: [dir.path] }, "reg.example"), [
    `mirror ${https} ${all}`,
    `mirror http://localhost:${tls.port}/v2/ ${all}`,
    `origin https://reg.example/v2/ ${all}`,
  ]);
  assertEquals(plain.log, []);
});

Deno.test("A loopback registry that wasn't running is examined again", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const hosts = createHosts({});
  const scheme = async () => (await hosts.hostsFor(`127.0.0.1:${port}`))[0]?.base.protocol;
  assertEquals(await scheme(), "http:");
  await using _server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port,
      onListen() {},
      cert: testPem("server.crt"),
      key: testPem("server.key"),
    },
    () => new Response(),
  );
  assertEquals(await scheme(), "https:");
});
