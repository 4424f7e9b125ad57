import { assertEquals, assertStringIncludes } from "../assert.ts";
import { createAuthority } from "../certificates/mod.ts";
import { buildImage, buildLayer } from "../images/mod.ts";
import { redirectTo, startConnectProxy, startRegistry, tooManyRequests } from "../registry/mod.ts";
import { sandbox } from "./program.ts";

Deno.test("dray pull fetches a blob once that two layers or two images share", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const same = { seed: 7, size: 50_000 };
  const one = await buildImage({ seed: 1, layers: [same, same] });
  const two = await buildImage({ seed: 2, layers: [{ size: 10 }, same] });
  const names = [registry.push("one", "v1", one).reference, registry.push("two", "v1", two).reference];
  await box.ok(["pull", ...names]);
  assertEquals(registry.requests.of(one.layers[0]?.blob.digest ?? "", "GET").length, 1);
  await box.ok(["verify"]);
});

/** Builds an image with a foreign layer that only `address` serves. */
async function foreignImage(address: (digest: string) => string) {
  const layer = { seed: 3 };
  const { blob } = await buildLayer(layer);
  const image = await buildImage({ layers: [{ ...layer, foreignUrls: [address(blob.digest)] }] });
  return { blob, image };
}

Deno.test("dray pull fetches a foreign layer from its address, without credentials, if the registry doesn't have it", async () => {
  const authority = await createAuthority();
  await using elsewhere = await startRegistry({ tls: authority, certificateNames: ["layers.example"] });
  await using proxy = startConnectProxy({ "layers.example:443": elsewhere.host });
  const { blob, image } = await foreignImage((digest) => `https://layers.example/v2/far/blobs/${digest}`);
  elsewhere.content.repository("far").blobs.set(blob.digest, blob);
  await using registry = await startRegistry({ auth: { kind: "basic", username: "ann", password: "pw" } });
  const { reference } = registry.push("app", "v1", image);
  const pull = ["pull", "-u", "ann", "--password-stdin", "--plain-http"];
  {
    await using box = await sandbox();
    await Deno.writeTextFile(`${box.directory}/ca.pem`, authority.cert);
    await box.ok([...pull, "--ca-file", `${box.directory}/ca.pem`, reference], {
      stdin: "pw",
      env: { HTTPS_PROXY: proxy.url },
    });
    await box.ok(["verify"]);
  }
  assertEquals(elsewhere.requests.all.map((entry) => entry.authorization), ["none"]);
  assertEquals(registry.requests.of(blob.digest).at(-1)?.status, 404);

  registry.content.repository("app").blobs.set(blob.digest, blob);
  elsewhere.requests.clear();
  await using box = await sandbox();
  await box.ok([...pull, reference], { stdin: "pw" });
  assertEquals(elsewhere.requests.all.length, 0, "the registry is tried first");
});

Deno.test("dray pull refuses a foreign layer's address on this machine", async () => {
  await using elsewhere = await startRegistry({ tls: true });
  const { blob, image } = await foreignImage((digest) => `${elsewhere.origin}/v2/far/blobs/${digest}`);
  elsewhere.content.repository("far").blobs.set(blob.digest, blob);
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { code } = await box.dray(["pull", registry.push("app", "v1", image).reference]);
  assertEquals([code, elsewhere.requests.all.length, elsewhere.connections], [3, 0, 0]);
});

Deno.test("dray pull never follows a redirect from https to http", async () => {
  await using plain = await startRegistry();
  await using registry = await startRegistry({ tls: true, content: plain.content });
  await using box = await sandbox();
  await Deno.writeTextFile(`${box.directory}/ca.pem`, registry.authority?.cert ?? "");
  const { reference } = registry.push("app", "v1", await buildImage());
  registry.fault({ kind: "blob", times: Infinity }, redirectTo(plain.origin));
  const { code, stderr } = await box.dray(["pull", "--ca-file", `${box.directory}/ca.pem`, reference]);
  assertEquals([code === 0, plain.requests.all.length], [false, 0], stderr);
  assertStringIncludes(stderr, "http");
});

Deno.test("dray pull waits as long as a busy registry says", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  registry.fault({ kind: "blob" }, tooManyRequests(1));
  await box.ok(["pull", reference]);
  registry.fault({ kind: "manifest", times: Infinity }, tooManyRequests(100_000));
  const { code, stderr } = await box.dray(["pull", reference]);
  assertEquals(code, 5, stderr);
  assertStringIncludes(stderr, "429");
});
