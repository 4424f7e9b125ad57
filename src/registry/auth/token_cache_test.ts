import { neverAborted } from "../../base/concurrency/abort.ts";
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
  let count = 0;
  return {
    fetch: () => Promise.resolve({ token: `t${++count}`, usableUntil: 1_000 }),
  };
}

Deno.test("A token is cached for its key, with scopes in any order, and for no other key", async () => {
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => 0 });
  const tokens = counted();
  const tokenFor = async (changes: Partial<TokenKey>) =>
    (await cache.token({ ...KEY, ...changes }, tokens.fetch, never)).token;
  assertEquals(await tokenFor({}), "t1");
  assertEquals(await tokenFor({ scopes: ["b", "a", "b"] }), "t1");
  assertEquals(await tokenFor({ scopes: ["a"] }), "t2");
  assertEquals(await tokenFor({ identity: "x" }), "t3");
  assertEquals(await tokenFor({ registry: "https://other.example" }), "t4");
  assertEquals(await tokenFor({ realm: "https://other.example/token" }), "t5");
  assertEquals(await tokenFor({ service: "other" }), "t6");
  assertEquals(await tokenFor({}), "t1");
});

Deno.test("An expired token is replaced, and a token without lifetime is still returned to its caller", async () => {
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

Deno.test("drop() doesn't remove the successor of a token", async () => {
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => 0 });
  const tokens = counted();
  await cache.token(KEY, tokens.fetch, never);
  cache.drop(KEY, "t1");
  await cache.token(KEY, tokens.fetch, never);
  cache.drop(KEY, "t1");
  assertEquals((await cache.token(KEY, tokens.fetch, never)).token, "t2");
});

Deno.test("A failure rejects all waiting callers and isn't cached", async () => {
  const cache = new TokenCache();
  const failure = new Error("failed");
  let calls = 0;
  const failing = () => {
    calls++;
    return Promise.reject(failure);
  };
  const waiting = [cache.token(KEY, failing, never), cache.token(KEY, failing, never)];
  for (const one of waiting) assertEquals(await assertRejects(() => one), failure);
  assertEquals(calls, 1);
  const tokens = counted();
  assertEquals((await cache.token(KEY, tokens.fetch, never)).token, "t1");
});

Deno.test("identityOf() distinguishes credentials without revealing them", async () => {
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

Deno.test("The cache has a maximum size and evicts the oldest tokens", async () => {
  const cache = new TokenCache({ ...SYSTEM_CLOCK, now: () => 0 });
  const tokens = counted();
  for (let i = 0; i < 1_100; i++) await cache.token({ ...KEY, service: `s${i}` }, tokens.fetch, never);
  const isFresh = async (i: number) =>
    (await cache.token({ ...KEY, service: `s${i}` }, tokens.fetch, never)).isFresh;
  assertEquals([await isFresh(1_099), await isFresh(200), await isFresh(0)], [false, false, true]);
  const refreshKey = (i: number) => ({ ...KEY, service: `r${i}` });
  for (let i = 0; i < 1_100; i++) {
    const fetch = () => Promise.resolve({ token: "t", usableUntil: 1_000, refreshToken: `r${i}` });
    await cache.token(refreshKey(i), fetch, never);
  }
  assertEquals([1_099, 200, 0].map((i) => cache.findRefreshToken(refreshKey(i))), [
    "r1099",
    "r200",
    undefined,
  ]);
});
