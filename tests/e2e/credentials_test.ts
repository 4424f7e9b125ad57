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
