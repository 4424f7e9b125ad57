import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { type AuthOptions, startRegistry } from "../registry/mod.ts";
import { sandbox } from "./program.ts";

const USERS = { ann: "pw" };

Deno.test("dray pull logs in with the given name and password", async (t) => {
  const kinds: Readonly<Record<string, AuthOptions>> = {
    "basic": { kind: "basic", username: "ann", password: "pw" },
    "token by GET": { kind: "bearer", users: USERS, methods: ["GET"] },
    "token by GET or POST": { kind: "bearer", users: USERS },
    "token that expires": { kind: "bearer", users: USERS, tokenUses: 5 },
    "token as access_token": { kind: "bearer", users: USERS, tokenField: "access_token" },
  };
  for (const [name, auth] of Object.entries(kinds)) {
    await t.step(name, async () => {
      await using registry = await startRegistry({ auth });
      await using box = await sandbox();
      const { reference } = registry.push("app", "v1", await buildImage({ layers: 4 }));
      await box.ok(["pull", "-u", "ann", "--password-stdin", reference], { stdin: "pw\n" });
      const { code, stderr } = await box.dray(["pull", "-u", "ann", "--password-stdin", reference], {
        stdin: "no",
      });
      assertEquals(code, 4, stderr);
      assertStringIncludes(stderr, registry.host);
    });
  }
});

Deno.test("dray pull fetches one token for many layers", async () => {
  await using registry = await startRegistry({ auth: { kind: "bearer" } });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage({ layers: 8 }));
  await box.ok(["pull", reference]);
  assertEquals(registry.requests.tokens.length, 1);
  assertEquals(registry.requests.tokens[0]?.query.get("scope"), "repository:app:pull");
});

Deno.test("dray login stores credentials for pull and docker, and logout deletes them", async () => {
  await using registry = await startRegistry({ auth: { kind: "bearer", users: USERS } });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const login = ["login", "-u", "ann", "--password-stdin", registry.host];
  assertEquals((await box.dray(login, { stdin: "wrong" })).code, 4);
  await box.ok(login, { stdin: "pw" });
  const file = JSON.parse(await Deno.readTextFile(`${box.home}/.docker/config.json`));
  assertEquals(file.auths[registry.host].auth, btoa("ann:pw"));
  await box.ok(["pull", reference]);
  await box.ok(["logout", registry.host]);
  assertEquals((await box.dray(["pull", reference])).code, 4);
});

Deno.test("dray pull never prints a password", async () => {
  await using registry = await startRegistry({
    auth: { kind: "basic", username: "ann", password: "secret-1" },
  });
  await using box = await sandbox();
  const pull = ["pull", "--debug", "-u", "ann", "--password-stdin", `${registry.host}/app`];
  const { code, stdout, stderr } = await box.dray(pull, { stdin: "secret-2" });
  assertEquals(code, 4);
  assertMatch(stdout + stderr, /^(?!.*secret-2)/s);
  assertEquals((stdout + stderr).includes(btoa("ann:secret-2")), false);
});

Deno.test("dray pull trusts only --ca-file and certs directories", async () => {
  await using registry = await startRegistry({ tls: true });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const file = `${box.directory}/ca.pem`;
  await Deno.writeTextFile(file, registry.authority?.cert ?? "");
  const directory = `${box.directory}/certs.d/${registry.host}`;
  await Deno.mkdir(directory, { recursive: true });
  await Deno.copyFile(file, `${directory}/ca.crt`);

  const { code, stderr } = await box.dray(["pull", reference]);
  assertEquals(code, 5, stderr);
  await box.ok(["pull", "--ca-file", file, reference]);
  await box.ok(["pull", "--certs-dir", `${box.directory}/certs.d`, reference]);
});

Deno.test("dray reads credentials from DOCKER_AUTH_CONFIG, and gives them to no helper program", async () => {
  await using registry = await startRegistry({ auth: { kind: "bearer", users: USERS } });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const env = {
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [registry.host]: { auth: btoa("ann:pw") } } }),
  };
  await box.ok(["pull", reference], { env });
  assertStringIncludes(await box.ok(["permissions", "pull", reference], { env }), "DOCKER_AUTH_CONFIG");

  const program = `#!/bin/sh\ntest -z "$DOCKER_AUTH_CONFIG" && echo '{"Username":"ann","Secret":"pw"}'\n`;
  await Deno.writeTextFile(`${box.directory}/docker-credential-own`, program, { mode: 0o755 });
  const path = `${box.directory}:${Deno.env.get("PATH")}`;
  const byHelper = { DOCKER_AUTH_CONFIG: JSON.stringify({ credsStore: "own" }), PATH: path };
  await box.ok(["pull", reference], { env: byHelper });
  assertStringIncludes(
    await box.ok(["permissions", "pull", reference], { env: byHelper }),
    "docker-credential-own",
  );
});

Deno.test("dray runs no helper program for a registry that doesn't ask for credentials", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ credsStore: "missing" }) };
  await box.ok(["pull", reference], { env });
});

Deno.test("dray login keeps the path of a namespace", async () => {
  await using registry = await startRegistry({ auth: { kind: "bearer", users: USERS } });
  await using box = await sandbox();
  const name = `${registry.host}/team`;
  const { reference } = registry.push("team/app", "v1", await buildImage());
  const other = registry.push("other/app", "v1", await buildImage()).reference;
  await box.ok(["login", "-u", "ann", "--password-stdin", name], { stdin: "pw" });
  const file = JSON.parse(await Deno.readTextFile(`${box.home}/.docker/config.json`));
  assertEquals(Object.keys(file.auths), [name]);
  await box.ok(["pull", reference]);
  assertEquals((await box.dray(["pull", other])).code, 4);
  assertEquals((await box.dray(["logout", registry.host])).code, 3);
  await box.ok(["logout", name]);
  assertEquals((await box.dray(["pull", reference])).code, 4);
});

Deno.test("A mirror gets its own credentials, and never those of the registry", async () => {
  await using mirror = await startRegistry({ auth: { kind: "basic", username: "ann", password: "pw" } });
  await using box = await sandbox();
  mirror.push("app", "v1", await buildImage());
  const directory = `${box.home}/.config/dray/certs.d/registry.example`;
  await Deno.mkdir(directory, { recursive: true });
  const hosts = `server = "http://127.0.0.1:1"\n[host."${mirror.origin}"]\n`;
  await Deno.writeTextFile(`${directory}/hosts.toml`, hosts);
  const auths = (entries: Readonly<Record<string, string>>) =>
    JSON.stringify({
      auths: Object.fromEntries(Object.entries(entries).map(([name, pair]) => [name, { auth: btoa(pair) }])),
    });
  const owner = { "registry.example": "owner:registry-secret" };
  const both = auths({ ...owner, [mirror.host]: "ann:pw" });
  await box.ok(["pull", "registry.example/app:v1"], { env: { DOCKER_AUTH_CONFIG: both } });
  const sent = new Set(mirror.requests.all.map(({ headers }) => headers.get("authorization")));
  assertEquals(sent, new Set([null, `Basic ${btoa("ann:pw")}`]));

  const count = mirror.requests.all.length;
  const env = { DOCKER_AUTH_CONFIG: auths(owner) };
  const pull = ["pull", "-u", "me", "--password-stdin", "registry.example/app:v1"];
  assertEquals((await box.dray(pull, { env, stdin: "mine" })).code !== 0, true);
  for (const { headers } of mirror.requests.all.slice(count)) {
    assertEquals(headers.get("authorization"), null);
  }
});

Deno.test("dray trusts the CAs of SSL_CERT_FILE and SSL_CERT_DIR, and finds TLS on loopback by itself", async () => {
  await using registry = await startRegistry({ tls: true });
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const directory = `${box.directory}/cas`;
  await Deno.mkdir(directory);
  const file = `${directory}/0a1b2c3d.0`;
  await Deno.writeTextFile(file, registry.authority?.cert ?? "");
  const untrusted = await box.dray(["pull", reference]);
  assertEquals(untrusted.code, 5);
  assertStringIncludes(untrusted.stderr, "signed by an unknown authority");
  await box.ok(["pull", reference], { env: { SSL_CERT_FILE: file } });
  await box.ok(["tags", registry.host + "/app"], { env: { SSL_CERT_DIR: `/none:${directory}` } });
  const flags = await box.ok(["permissions", "pull", reference], { env: { SSL_CERT_FILE: file } });
  assertStringIncludes(flags, "SSL_CERT_FILE");
  assertStringIncludes(flags, file);
});
