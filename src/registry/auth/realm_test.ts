import { AppError, isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../../tests/assert.ts";
import { AddressPolicy } from "./address_policy.ts";
import { parseRealm, realmChecker } from "./realm.ts";

const PUBLIC = "https://registry.example/v2/";
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "registry.example": ["203.0.113.7"],
  "auth.example": ["203.0.113.8"],
  "auth2.example": ["203.0.113.9"],
  "registry.corp": ["10.0.0.5"],
  "two-faced.example": ["10.0.0.5", "203.0.113.7"],
  "home.example": ["127.0.0.1", "::1"],
  "auth.corp": ["10.0.0.6"],
  "metadata.example": ["169.254.169.254"],
  "mixed.example": ["203.0.113.8", "192.168.0.1"],
  "teredo.example": ["2001:0:a00:1::1"],
};

const CASES: readonly (readonly [registry: string, realm: string, result: "ok" | "refused"])[] = [
  [PUBLIC, "https://auth.example/token", "ok"],
  [PUBLIC, "https://registry.example/token", "ok"],
  [PUBLIC, "https://203.0.113.9/token", "ok"],
  [PUBLIC, "http://auth.example/token", "refused"],
  [PUBLIC, "http://registry.example/token", "refused"],
  [PUBLIC, "https://localhost/token", "refused"],
  [PUBLIC, "https://a.localhost/token", "refused"],
  [PUBLIC, "https://127.0.0.1/token", "refused"],
  [PUBLIC, "https://2130706433/token", "refused"],
  [PUBLIC, "https://0x7f.1/token", "refused"],
  [PUBLIC, "https://0/token", "refused"],
  [PUBLIC, "https://[::1]/token", "refused"],
  [PUBLIC, "https://[::ffff:10.0.0.1]/token", "refused"],
  [PUBLIC, "https://[64:ff9b::a00:1]/token", "refused"],
  [PUBLIC, "https://169.254.169.254/latest/meta-data", "refused"],
  [PUBLIC, "https://[fe80::1]/token", "refused"],
  [PUBLIC, "https://[fd00::1]/token", "refused"],
  [PUBLIC, "https://10.0.0.5/token", "refused"],
  [PUBLIC, "https://172.16.0.1/token", "refused"],
  [PUBLIC, "https://172.32.0.1/token", "ok"],
  [PUBLIC, "https://192.168.1.1/token", "refused"],
  [PUBLIC, "https://100.64.0.1/token", "refused"],
  [PUBLIC, "https://[64:ff9b:1::a00:1]/token", "refused"],
  [PUBLIC, "https://[2001:0:a00:1::1]/token", "refused"],
  [PUBLIC, "https://[::ffff:0:10.0.0.1]/token", "refused"],
  [PUBLIC, "https://auth.corp/token", "refused"],
  [PUBLIC, "https://metadata.example/token", "refused"],
  [PUBLIC, "https://mixed.example/token", "refused"],
  [PUBLIC, "https://home.example./token", "refused"],
  [PUBLIC, "https://teredo.example/token", "refused"],
  ["https://registry.corp/v2/", "https://auth.corp/token", "ok"],
  ["https://registry.corp/v2/", "https://metadata.example/token", "refused"],
  ["https://10.0.0.5/v2/", "https://auth.corp/token", "ok"],
  ["https://registry.corp/v2/", "https://10.0.0.9/token", "ok"],
  ["https://registry.corp/v2/", "https://127.0.0.1/token", "refused"],
  ["https://registry.corp/v2/", "https://169.254.169.254/token", "refused"],
  ["https://two-faced.example/v2/", "https://10.0.0.9/token", "refused"],
  ["https://unknown.example/v2/", "https://10.0.0.9/token", "refused"],
  ["https://home.example/v2/", "https://127.0.0.1/token", "ok"],
  ["https://10.0.0.5/v2/", "https://10.0.0.5:8443/token", "ok"],
  ["https://10.0.0.5/v2/", "https://192.168.0.1/token", "ok"],
  ["https://10.0.0.5/v2/", "https://127.0.0.1/token", "refused"],
  ["http://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/token", "ok"],
  ["http://localhost:5000/v2/", "http://127.0.0.1:5001/token", "ok"],
  ["http://localhost:5000/v2/", "http://10.0.0.1/token", "refused"],
  ["https://169.254.1.1/v2/", "https://169.254.1.1/token", "ok"],
  ["https://169.254.1.1/v2/", "https://169.254.169.254/token", "refused"],
];

Deno.test("realmChecker() accepts only realms that the registry may name", async (t) => {
  for (const [registry, realm, result] of CASES) {
    await t.step(`${registry} -> ${realm}: ${result}`, async () => {
      const lookup = (name: string) => Promise.resolve(NAMES[name] ?? []);
      const addresses = new AddressPolicy(() => false, lookup);
      const checking = realmChecker(new URL(realm), new URL(registry), addresses);
      if (result === "ok") await checking;
      else assert(isCode(await assertRejects(() => checking), "unauthorized"));
    });
  }
});

Deno.test("realmChecker() returns the same check for redirects", async () => {
  const addresses = new AddressPolicy(() => false, (name) => Promise.resolve(NAMES[name] ?? []));
  const check = await realmChecker(new URL("https://auth.example/token"), new URL(PUBLIC), addresses);
  await check(new URL("https://auth2.example/token"));
  await assertRejects(() => check(new URL("http://auth.example/token")));
  await assertRejects(() => check(new URL("https://169.254.169.254/")));
  await assertRejects(() => check(new URL("https://metadata.example/")));
  await assertRejects(() => check(new URL("https://unknown.example/")), AppError, "DNS lookup failed");
});

Deno.test("AddressPolicy resolves a name once a minute, and leaves it to a proxy", async () => {
  const lookups: string[] = [];
  const lookup = (name: string) => {
    lookups.push(name);
    return Promise.resolve(["203.0.113.8"]);
  };
  const addresses = new AddressPolicy((url) => url.hostname === "proxied.example", lookup);
  for (const name of ["a.example", "a.example", "proxied.example", "registry.example"]) {
    assertEquals(await addresses.forbiddenKind(new URL(`https://${name}/`), new URL(PUBLIC)), undefined);
  }
  assertEquals(lookups, ["a.example"]);
  assertEquals(await addresses.isPublic(new URL("https://10.0.0.1/")), false);
});

Deno.test("AddressPolicy refuses a name that it can't resolve, and resolves it again", async (t) => {
  const failures: Readonly<Record<string, () => Promise<readonly string[]>>> = {
    "lookup fails": () => Promise.reject(new Error("timed out")),
    "no address": () => Promise.resolve([]),
  };
  for (const [name, fail] of Object.entries(failures)) {
    await t.step(name, async () => {
      let lookups = 0;
      const lookup = () => lookups++ < 2 ? fail() : Promise.resolve(["169.254.169.254"]);
      const addresses = new AddressPolicy(() => false, lookup);
      const target = new URL("https://a.example/");
      const refusals = [
        await assertRejects(() => addresses.forbiddenKind(target, new URL(PUBLIC)), AppError),
        await assertRejects(() => addresses.isPublic(target), AppError),
      ];
      for (const { code, message, details } of refusals) {
        assertEquals([code, details.reason, details.isRetryable], ["network", "dns", true]);
        assertEquals(message, 'Cannot check the address of "a.example": DNS lookup failed');
      }
      assertEquals(await addresses.forbiddenKind(target, new URL(PUBLIC)), "link-local");
      assertEquals(lookups, 4);
    });
  }
});

Deno.test("AddressPolicy refuses a private address if the registry's name can't be resolved", async () => {
  const addresses = new AddressPolicy(() => false, () => Promise.reject(new Error("timed out")));
  assertEquals(await addresses.forbiddenKind(new URL("https://10.0.0.1/"), new URL(PUBLIC)), "private");
});

Deno.test("AddressPolicy skips names that the permissions don't allow it to resolve", async () => {
  const addresses = new AddressPolicy(() => false, () => Promise.reject(new Deno.errors.NotCapable()));
  assertEquals(await addresses.forbiddenKind(new URL("https://a.example/"), new URL(PUBLIC)), undefined);
});

Deno.test("parseRealm() resolves relative URLs and drops user information", () => {
  const registry = new URL(PUBLIC);
  assertEquals(parseRealm("/token", registry).href, "https://registry.example/token");
  assertEquals(parseRealm("https://u:p@auth.example/t#x", registry).href, "https://auth.example/t");
  for (const realm of ["ftp://a/b", "file:///etc/passwd", "https://[", "data:,x"]) {
    assert(isCode(assertThrows(() => parseRealm(realm, registry)), "unauthorized"), realm);
  }
});
