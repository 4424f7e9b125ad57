import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { buildArtifact, buildImage, buildIndex } from "../images/mod.ts";
import { basicHeader, redirectTo, startRegistry } from "./mod.ts";

Deno.test("TestRegistry serves documents by tag and digest, and blobs with ranges", async () => {
  await using registry = await startRegistry();
  const index = await buildIndex({ attestations: true });
  registry.push("team/app", "v1", index);
  const { origin } = registry;
  for (const reference of ["v1", index.root.digest]) {
    const got = await fetch(`${origin}/v2/team/app/manifests/${reference}`);
    assertEquals(new Uint8Array(await got.arrayBuffer()), index.root.bytes);
    assertEquals(got.headers.get("docker-content-digest"), index.root.digest);
    const head = await fetch(`${origin}/v2/team/app/manifests/${reference}`, { method: "HEAD" });
    assertEquals(head.headers.get("content-length"), String(index.root.bytes.length));
    await head.body?.cancel();
  }
  const [blob] = index.blobs;
  assert(blob !== undefined);
  const ranged = await fetch(`${origin}/v2/team/app/blobs/${blob.digest}`, {
    headers: { range: "bytes=5-9" },
  });
  assertEquals([ranged.status, (await ranged.arrayBuffer()).byteLength], [206, 5]);
  assertEquals(ranged.headers.get("content-range"), `bytes 5-9/${blob.size}`);
  const past = await fetch(`${origin}/v2/team/app/blobs/${blob.digest}`, {
    headers: { range: `bytes=${blob.size}-` },
  });
  assertEquals(past.status, 416);
  await past.body?.cancel();
  assertEquals(registry.requests.of("/blobs/").map((entry) => entry.range), [
    "bytes=5-9",
    `bytes=${blob.size}-`,
  ]);
});

Deno.test("TestRegistry lists tags page by page, and referrers", async () => {
  await using registry = await startRegistry();
  const image = await buildImage();
  for (const tag of ["b", "a", "c"]) registry.push("app", tag, image);
  registry.push("app", undefined, await buildArtifact({ subject: image.root }));
  const first = await fetch(`${registry.origin}/v2/app/tags/list?n=2`);
  assertEquals(await first.json(), { name: "app", tags: ["a", "b"] });
  assertEquals(first.headers.get("link"), '</v2/app/tags/list?n=2&last=b>; rel="next"');
  const rest = await fetch(`${registry.origin}/v2/app/tags/list?n=2&last=b`);
  assertEquals([(await rest.json()).tags, rest.headers.get("link")], [["c"], null]);
  const referrers = await fetch(`${registry.origin}/v2/app/referrers/${image.root.digest}`);
  assertEquals((await referrers.json()).manifests.length, 1);
});

Deno.test("TestRegistry requires Basic credentials", async () => {
  await using registry = await startRegistry({ auth: { kind: "basic", username: "ann", password: "p:w" } });
  const refused = await fetch(`${registry.origin}/v2/`);
  assertEquals([refused.status, refused.headers.get("www-authenticate")], [
    401,
    'Basic realm="test registry"',
  ]);
  await refused.body?.cancel();
  const headers = { authorization: basicHeader("ann", "p:w") };
  const good = await fetch(`${registry.origin}/v2/`, { headers });
  assertEquals([good.status, await good.json()], [200, {}]);
  assertEquals(registry.requests.all.map((entry) => entry.authorization), ["none", "Basic"]);
});

Deno.test("TestRegistry issues tokens by GET and POST, and renews them", async () => {
  await using registry = await startRegistry({
    auth: { kind: "bearer", users: { ann: "pw" }, tokenUses: 1, rotate: true },
  });
  const image = await buildImage();
  registry.push("app", "v1", image);
  const url = `${registry.origin}/v2/app/manifests/v1`;
  const requestWith = async (token?: string) => {
    const response = await fetch(url, token ? { headers: { authorization: `Bearer ${token}` } } : {});
    await response.body?.cancel();
    return [response.status, response.headers.get("www-authenticate") ?? ""] as const;
  };
  const realm = `${registry.tokenOrigin}/token`;
  const scope = "repository:app:pull";
  assertEquals(await requestWith(), [
    401,
    `Bearer realm="${realm}",service="test-registry",scope="${scope}"`,
  ]);

  const headers = { authorization: basicHeader("ann", "pw") };
  const got = await (await fetch(`${realm}?scope=${scope}&service=test-registry`, { headers })).json();
  assertEquals((await requestWith(got.token))[0], 200);
  assertStringIncludes((await requestWith(got.token))[1], 'error="invalid_token"');

  const post = (form: Record<string, string>) =>
    fetch(realm, { method: "POST", body: new URLSearchParams(form) });
  const form = { grant_type: "password", username: "ann", password: "pw", scope, access_type: "offline" };
  const { refresh_token } = await (await post(form)).json();
  const renew = { grant_type: "refresh_token", refresh_token, scope };
  const renewed = await (await post(renew)).json();
  assertEquals((await requestWith(renewed.token))[0], 200);
  const again = await post(renew);
  assertEquals(again.status, 401);
  await again.body?.cancel();
  assertEquals(registry.requests.tokens.length, 4);
});

Deno.test("TestRegistry uses TLS with a certificate from its authority", async () => {
  await using registry = await startRegistry({ tls: true });
  const caCerts = [registry.authority?.cert ?? ""];
  for (const host of [registry.host, registry.host.replace("127.0.0.1", "localhost")]) {
    using client = Deno.createHttpClient({ caCerts, http2: false });
    const response = await fetch(`https://${host}/v2/`, { client });
    assertEquals(await response.json(), {});
  }
  await assertRejects(() => fetch(`${registry.origin}/v2/`), TypeError);
});

Deno.test("redirectTo() redirects to another registry, whose log shows whether credentials were sent", async () => {
  await using storage = await startRegistry();
  await using registry = await startRegistry({ content: storage.content });
  const image = await buildImage();
  registry.push("app", "v1", image);
  registry.fault({ kind: "blob" }, redirectTo(storage.origin));
  const response = await fetch(`${registry.origin}/v2/app/blobs/${image.config.digest}`, {
    headers: { authorization: "Bearer t" },
  });
  assertEquals(new Uint8Array(await response.arrayBuffer()), image.configBytes);
  assertEquals(storage.requests.all.map((entry) => entry.authorization), ["none"]);
});
