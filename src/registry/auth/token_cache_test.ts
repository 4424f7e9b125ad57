import { neverAborted } from "../../base/abort.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../../../tests/assert.ts";
import { SYSTEM_CLOCK } from "../../http/clock.ts";
import { TokenCache, type TokenKey } from "./token_cache.ts";

const never = neverAborted();
const KEY: TokenKey = {
  registry: "https://reg.example",
  realm: "https://auth.example/token",
  service: "reg",
  scopes: ["a", "b"],
  identity: "anonymous",
};

function counted() {
  let made = 0;
  return {
    fetch: () => Promise.resolve({ token: `t${++made}`, usableUntil: 1_000 }),
    get made() {
      return made;
    },
  };
}

Deno.test("A token serves the same key, with scopes in any order, and no other key", async () => {
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => 0 });
  const tokens = counted();
  const ask = async (changes: Partial<TokenKey>) =>
    (await cache.token({ ...KEY, ...changes }, tokens.fetch, never)).token;
  assertEquals(await ask({}), "t1");
  assertEquals(await ask({ scopes: ["b", "a", "b"] }), "t1");
  assertEquals(await ask({ scopes: ["a"] }), "t2");
  assertEquals(await ask({ identity: "x" }), "t3");
  assertEquals(await ask({ registry: "https://other.example" }), "t4");
  assertEquals(await ask({ realm: "https://other.example/token" }), "t5");
  assertEquals(await ask({ service: "other" }), "t6");
  assertEquals(await ask({}), "t1");
});

Deno.test("A token that ran out is replaced, and one that lives for no time still serves who asked for it", async () => {
  let now = 0;
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => now });
  const tokens = counted();
  assertEquals(await cache.token(KEY, tokens.fetch, never), { token: "t1", isFresh: true });
  now = 999;
  assertEquals(await cache.token(KEY, tokens.fetch, never), { token: "t1", isFresh: false });
  now = 1_000;
  assertEquals(await cache.token(KEY, tokens.fetch, never), { token: "t2", isFresh: true });
  assertEquals(await cache.token(KEY, tokens.fetch, never), { token: "t3", isFresh: true });
});

Deno.test("A dropped token is replaced once: dropping it late leaves its successor alone", async () => {
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => 0 });
  const tokens = counted();
  await cache.token(KEY, tokens.fetch, never);
  cache.drop(KEY, "t1");
  await cache.token(KEY, tokens.fetch, never);
  cache.drop(KEY, "t1");
  assertEquals((await cache.token(KEY, tokens.fetch, never)).token, "t2");
});

Deno.test("A failure reaches all who wait and is kept for nobody", async () => {
  const cache = new TokenCache();
  const no = new Error("no");
  let asked = 0;
  const failing = () => {
    asked++;
    return Promise.reject(no);
  };
  const waiting = [cache.token(KEY, failing, never), cache.token(KEY, failing, never)];
  for (const one of waiting) assertEquals(await assertRejects(() => one), no);
  assertEquals(asked, 1);
  const tokens = counted();
  assertEquals((await cache.token(KEY, tokens.fetch, never)).token, "t1");
});

Deno.test("An identity tells credentials apart and gives none of them away", async () => {
  const cache = new TokenCache();
  const of = (username: string, password: string) => cache.identityOf({ kind: "basic", username, password });
  const bob = await of("bob", "s3cret");
  assertEquals(bob, await of("bob", "s3cret"));
  const others = [
    await of("bob", "other"),
    await of("bobs", "3cret"),
    await cache.identityOf({ kind: "refresh", token: "s3cret" }),
    await cache.identityOf(undefined),
    await new TokenCache().identityOf({ kind: "basic", username: "bob", password: "s3cret" }),
  ];
  assertEquals(new Set([bob, ...others]).size, 6);
  assert(!bob.includes("s3cret"));
  assertNotEquals(bob, btoa("s3cret"));
});

Deno.test("The cache stays bounded, and keeps the latest", async () => {
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => 0 });
  const tokens = counted();
  for (let i = 0; i < 1_100; i++) await cache.token({ ...KEY, service: `s${i}` }, tokens.fetch, never);
  const isFresh = async (i: number) =>
    (await cache.token({ ...KEY, service: `s${i}` }, tokens.fetch, never)).isFresh;
  assertEquals([await isFresh(1_099), await isFresh(200), await isFresh(0)], [false, false, true]);
});
