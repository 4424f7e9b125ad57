import { neverAborted } from "../../base/concurrency/abort.ts";
import { equalBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { MIRROR_SKIP_MS } from "../../base/tuning.ts";
import { copyBlob } from "../../content/copy.ts";
import type { CredentialSource } from "../../content/credential.ts";
import type { TransferEvent } from "../../content/remote.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { MemoryStore } from "../../../tests/fakes/memory_store.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import {
  cutAfter,
  extraBytes,
  type Fault,
  hangUp,
  ignoreRange,
  noResponse,
  stallAfter,
  startRegistry,
  status,
  type TestRegistry,
  tooManyRequests,
  wrongByte,
} from "../../../tests/registry/mod.ts";
import type { HostSource } from "../../content/registry_host.ts";
import { createHosts } from "../../hosts/hosts.ts";
import type { TlsIdentitySource } from "../../http/tls/tls.ts";
import { parseReference } from "../../oci/reference.ts";
import { openRegistryClient } from "../registry.ts";
import { fetchAll, openTestRemote, pushBlob, readTo, REPOSITORY, someBytes } from "../test_remote.ts";

const SIZE = 100_000;
const BYTES = someBytes(SIZE);
const BOB: CredentialSource = {
  findCredential: () =>
    Promise.resolve({
      credential: { kind: "basic", username: "bob", password: "s3cret" },
      source: "/home/u/config.json",
    }),
};

const requestsTo = (registry: TestRegistry) => registry.requests.of(/\/v2\/./).length;

const FAILURES: readonly (readonly [name: string, fault: Fault])[] = [
  ["401", status(401)],
  ["403", status(403)],
  ["404", status(404)],
  ["429", tooManyRequests(3)],
  ["429 for hours", tooManyRequests(7200)],
  ["500", status(500)],
  ["no response", hangUp()],
  ["another size", extraBytes(1)],
];

Deno.test("If a mirror fails, the registry is used immediately", async (t) => {
  for (const [name, fault] of FAILURES) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      await using mirror = await startRegistry();
      const blob = await pushBlob(BYTES, registry, mirror);
      mirror.fault({ kind: "blob" }, fault);
      using test = openTestRemote(registry, { mirrors: [mirror] });
      const got = await fetchAll(test, blob);
      assert(equalBytes(got.bytes, BYTES));
      assertEquals(got.host, registry.host);
      assertEquals([requestsTo(mirror), requestsTo(registry)], [1, 1]);
      assertEquals(test.clock.slept, []);
    });
  }
});

Deno.test("Seven failing mirrors don't keep the registry from being used", async () => {
  await using registry = await startRegistry();
  const mirrors = await Promise.all(Array.from({ length: 7 }, () => startRegistry()));
  await using stack = new AsyncDisposableStack();
  mirrors.forEach((mirror) => stack.use(mirror));
  mirrors.forEach((mirror) => mirror.fault({ times: 9 }, hangUp()));
  const blob = await pushBlob(BYTES, registry);
  using test = openTestRemote(registry, { mirrors });
  assertEquals((await fetchAll(test, blob)).host, registry.host);
});

Deno.test("A mirror with an untrusted certificate is skipped", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry({ tls: true });
  const blob = await pushBlob(BYTES, registry, mirror);
  using test = openTestRemote(registry, { mirrors: [mirror] });
  assertEquals((await fetchAll(test, blob)).host, registry.host);
  assertEquals([requestsTo(mirror), test.clock.elapsed()], [0, 0]);
});

Deno.test("A mirror receives the namespace and no credentials; the registry receives no namespace", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  using test = openTestRemote(registry, { mirrors: [mirror], credentials: BOB });
  await fetchAll(test, blob);
  const [toMirror] = mirror.requests.all;
  const [toRegistry] = registry.requests.all;
  assertEquals(toMirror?.query.get("ns"), registry.host);
  assertEquals(toMirror?.headers.get("oci-namespace"), registry.host);
  assertEquals(toMirror?.authorization, "none");
  assertEquals(toRegistry?.query.has("ns"), false);
  assertEquals(toRegistry?.headers.has("oci-namespace"), false);
});

Deno.test("A blob resumes at the next host if a mirror fails twice", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  mirror.fault({ kind: "blob" }, cutAfter(1000));
  mirror.fault({ kind: "blob" }, cutAfter(1000));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const got = await fetchAll(test, blob);
  assert(equalBytes(got.bytes, BYTES));
  assertEquals(mirror.requests.of("/blobs/").map(({ range }) => range), ["", "bytes=1000-"]);
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["bytes=2000-"]);
});

Deno.test("A blob resumes at the next host as soon as a mirror stalls", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  mirror.fault({ kind: "blob" }, stallAfter(1000));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  using body = await test.remote.fetch(blob, {}, neverAborted());
  const bytes = new Uint8Array(SIZE);
  await readTo(body, bytes, 1000);
  const next = body.read(bytes.subarray(1000));
  test.clock.advance(30_000);
  const n = await next;
  assert(n !== null);
  await readTo(body, bytes.subarray(1000 + n), SIZE - 1000 - n);
  assert(equalBytes(bytes, BYTES));
  assertEquals(body.host, registry.host);
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["bytes=1000-"]);
});

Deno.test("An earlier run's bytes are kept if any host can resume from them", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  mirror.fault({ kind: "blob" }, ignoreRange);
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const got = await fetchAll(test, blob, 1000);
  assertEquals([got.offset, got.host], [1000, registry.host]);
  assert(equalBytes(got.bytes, BYTES.subarray(1000)));
});

Deno.test("A host that only serves from byte 0 is used if the others fail", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  mirror.fault({ kind: "blob" }, ignoreRange);
  registry.fault({ kind: "blob" }, status(503));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const got = await fetchAll(test, blob, 1000);
  assertEquals([got.offset, got.host, test.clock.slept.length], [0, mirror.host, 0]);
  assert(equalBytes(got.bytes, BYTES));
});

Deno.test("A mirror that fails and then answers 404 is replaced by the registry", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  mirror.fault({ kind: "blob" }, cutAfter(1000));
  mirror.fault({ kind: "blob" }, status(404));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const got = await fetchAll(test, blob);
  assert(equalBytes(got.bytes, BYTES));
  assertEquals(registry.requests.of("/blobs/").map(({ range }) => range), ["bytes=1000-"]);
});

Deno.test("The host that served a blob before is tried last", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  using test = openTestRemote(registry, { mirrors: [mirror] });
  assertEquals((await fetchAll(test, blob)).host, mirror.host);
  assertEquals((await fetchAll(test, blob)).host, registry.host);
});

Deno.test("A mirror's wrong byte causes a restart, and the registry's bytes are committed", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  mirror.fault({ kind: "blob", times: 9 }, wrongByte(50));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const store = new MemoryStore();
  const kinds = new Set<string>();
  const result = await copyBlob(test.remote, store, blob, ({ kind }) => kinds.add(kind), neverAborted());
  assertEquals([result.created, kinds.has("restart")], [true, true]);
  assert(equalBytes(await store.readBlob(blob.digest, SIZE), BYTES));
  assertEquals([requestsTo(mirror), requestsTo(registry)], [1, 1]);
});

Deno.test("A mirror that may not resolve tags only receives requests by digest", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const image = await buildImage();
  registry.push(REPOSITORY, "v1", image);
  mirror.push(REPOSITORY, "v1", image);
  using test = openTestRemote(registry, { mirrors: [mirror], mirrorCapabilities: ["pull"] });
  assertEquals((await test.remote.resolve(test.reference, neverAborted())).host, registry.host);
  const byDigest = { ...test.reference, digest: image.root.digest };
  assertEquals((await test.remote.resolve(byDigest, neverAborted())).host, mirror.host);
});

Deno.test("A mirror's wrong manifest is rejected", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const image = await buildImage();
  const other = await buildImage({ seed: 2 });
  registry.push(REPOSITORY, "v1", image);
  mirror.push(REPOSITORY, "v1", other);
  const documents = mirror.content.repository(REPOSITORY).documents;
  documents.set(image.root.digest, other.root);
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const reference = { ...test.reference, digest: image.root.digest };
  const resolved = await test.remote.resolve(reference, neverAborted());
  assertEquals([resolved.host, resolved.descriptor.digest], [registry.host, image.root.digest]);
});

Deno.test("If all hosts fail, one error names each of them", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES);
  mirror.fault({ times: 9 }, status(500));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  const error = await assertRejects(() => fetchAll(test, blob), AppError);
  assertEquals(error.code, "not_found");
  assertStringIncludes(error.message, `: host "${registry.host}" answered 404`);
  assertStringIncludes(error.message, `before that, mirror host "${mirror.host}" answered 500`);
  assertEquals([requestsTo(mirror), requestsTo(registry)], [3, 3]);
});

Deno.test("A blob that two requests don't find is found by the third", async (t) => {
  for (const code of [403, 404]) {
    await t.step(String(code), async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      registry.fault({ kind: "blob", times: 2 }, status(code));
      using test = openTestRemote(registry);
      assert(equalBytes((await fetchAll(test, blob)).bytes, BYTES));
    });
  }
});

Deno.test("A mirror that stalls is skipped by later transfers, until some time has passed", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const [a, b] = [
    await pushBlob(BYTES, registry, mirror),
    await pushBlob(someBytes(SIZE, 7), registry, mirror),
  ];
  mirror.fault({ kind: "blob", times: 99 }, stallAfter(0));
  using test = openTestRemote(registry, { mirrors: [mirror] });
  using body = await test.remote.fetch(a, {}, neverAborted());
  const read = body.read(new Uint8Array(10));
  test.clock.advance(30_000);
  await read;
  assertEquals(body.host, registry.host);
  assertEquals((await fetchAll(test, b)).host, registry.host);
  assertEquals(requestsTo(mirror), 1);
  test.clock.advance(MIRROR_SKIP_MS);
  using again = await test.remote.fetch(b, {}, neverAborted());
  assertEquals(again.host, mirror.host);
});

Deno.test("A mirror that doesn't respond is skipped by later requests", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  mirror.fault({ times: 99 }, noResponse());
  const image = await buildImage({ layers: 3 });
  registry.push(REPOSITORY, "v1", image);
  const hosts: HostSource & TlsIdentitySource = {
    ...createHosts({}),
    hostsFor: () =>
      Promise.resolve([mirror, registry].map((server) => ({
        registry: registry.host,
        base: new URL(`${server.origin}/v2/`),
        capabilities: new Set(["pull", "resolve"] as const),
        isMirror: server === mirror,
        headers: {},
      }))),
    tlsFor: () => Promise.resolve({ caCerts: [] }),
  };
  const client = openRegistryClient({ headTimeout: 50 }, hosts);
  const reference = parseReference(`${registry.host}/${REPOSITORY}:v1`);
  const remote = client.remote(reference);
  assertEquals((await remote.resolve(reference, neverAborted())).host, registry.host);
  for (const { descriptor } of image.layers) {
    using body = await remote.fetch(descriptor, {}, neverAborted());
    assertEquals(body.host, registry.host);
  }
  client.close();
  assertEquals(requestsTo(mirror), 1);
});

Deno.test("A skipped mirror is used if the registry fails, but not if the registry refuses", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  using test = openTestRemote(registry, { mirrors: [mirror] });
  test.context.backoffs.of(mirror.host).skip();
  registry.fault({ kind: "blob" }, status(503));
  assertEquals((await fetchAll(test, blob)).host, mirror.host);
  mirror.requests.clear();
  registry.fault({ kind: "blob" }, status(401));
  await assertRejects(() => fetchAll(test, blob), AppError, "answered 401");
  assertEquals(requestsTo(mirror), 0);
});

Deno.test("A pause that a host demands applies to all transfers to it", async () => {
  await using registry = await startRegistry();
  const [a, b] = [await pushBlob(BYTES, registry), await pushBlob(someBytes(10, 7), registry)];
  registry.fault({ kind: "blob", reference: a.digest }, tooManyRequests(30));
  using test = openTestRemote(registry);
  const events: string[] = [];
  const onEvent = () => {
    events.push(`paused ${Math.round(test.context.backoffs.of(registry.host).remainingMs)}`);
  };
  using one = await test.remote.fetch(a, { onEvent }, neverAborted());
  assertEquals(events, ["paused 30000"]);
  assert(test.clock.elapsed() >= 30_000);
  // Another transfer starts during the back-off.
  test.context.backoffs.of(registry.host).extend(20_000);
  const before = test.clock.elapsed();
  using two = await test.remote.fetch(b, {}, neverAborted());
  assert(test.clock.elapsed() - before >= 20_000);
  assertEquals([one.host, two.host], [registry.host, registry.host]);
});

Deno.test("During the back-off of a mirror, the registry is used first", async () => {
  await using registry = await startRegistry();
  await using mirror = await startRegistry();
  const blob = await pushBlob(BYTES, registry, mirror);
  using test = openTestRemote(registry, { mirrors: [mirror] });
  test.context.backoffs.of(mirror.host).extend(50_000);
  assertEquals((await fetchAll(test, blob)).host, registry.host);
  assertEquals([requestsTo(mirror), test.clock.elapsed()], [0, 0]);
});

Deno.test("Without a useful Retry-After, the pauses after 429 grow", async (t) => {
  const cases = [["none", undefined, [1_000, 2_000, 4_000, 8_000]], ["1", 1, [1_000, 2_000, 4_000, 8_000]], [
    "0",
    0,
    [150, 2_000, 4_000, 8_000],
  ]] as const;
  for (const [name, retryAfter, want] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      registry.fault({ kind: "blob", times: 9 }, tooManyRequests(retryAfter));
      using test = openTestRemote(registry, { attempts: 5 });
      const paused: number[] = [];
      const onEvent = (event: TransferEvent) => paused.push(event.kind === "retry" ? event.delayMs : 0);
      await assertRejects(() => test.remote.fetch(blob, { onEvent }, neverAborted()), AppError, "429");
      assertEquals(paused, [...want]);
    });
  }
});
