import { SecretSet } from "../../base/secret_set.ts";
import { AddressPolicy } from "../auth/address_policy.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { equalBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import { redirectTo, startRegistry, status } from "../../../tests/registry/mod.ts";
import { RegistryFetcher } from "./fetcher.ts";
import type { HttpRequest, HttpResponse, Transport } from "../../http/message/http_message.ts";
import { fetchAll, openTestRemote, pushBlob, REPOSITORY, someBytes } from "../test_remote.ts";

const BYTES = someBytes(1000);
const FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

Deno.test("A manifest is fetched as a manifest, a blob as a blob", async () => {
  await using registry = await startRegistry();
  const image = await buildImage();
  registry.push(REPOSITORY, "v1", image);
  const { root } = image;
  using test = openTestRemote(registry);
  const size = root.bytes.length;
  const got = await fetchAll(test, { mediaType: root.mediaType, digest: root.digest, size });
  assertEquals(got.bytes, root.bytes);
  await fetchAll(test, image.config);
  assertEquals(registry.requests.lines, [
    `GET /v2/${REPOSITORY}/manifests/${root.digest}`,
    `GET /v2/${REPOSITORY}/blobs/${image.config.digest}`,
  ]);
  assertEquals(registry.requests.all[0]?.headers.get("accept"), root.mediaType);
});

Deno.test("A manifest larger than 4 MiB is not requested", async () => {
  await using registry = await startRegistry();
  const { root } = await buildImage();
  using test = openTestRemote(registry);
  const descriptor = { mediaType: root.mediaType, digest: root.digest, size: 4 * 1024 * 1024 + 1 };
  const error = await assertRejects(() => fetchAll(test, descriptor), AppError);
  assertEquals([error.code, registry.requests.all.length], ["limit_exceeded", 0]);
});

Deno.test("Embedded data is used only if its length and digest are right", async (t) => {
  const encode = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
  const cases: readonly (readonly [name: string, data: string, requests: number])[] = [
    ["right", encode(BYTES), 0],
    ["wrong bytes", encode(someBytes(1000, 9)), 1],
    ["too short", encode(BYTES.subarray(1)), 1],
    ["too long", encode(new Uint8Array([...BYTES, 0, 0, 0])), 1],
    ["not base64", "*".repeat(1336), 1],
    ["none", "", 1],
  ];
  for (const [name, data, requests] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const blob = await pushBlob(BYTES, registry);
      using test = openTestRemote(registry);
      const got = await fetchAll(test, { ...blob, data }, 10);
      assertEquals(got.offset, 10);
      assert(equalBytes(got.bytes, BYTES.subarray(10)));
      assertEquals(registry.requests.all.length, requests);
    });
  }
});

Deno.test("A complete partial needs no request; one that is too long restarts", async () => {
  await using registry = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  using test = openTestRemote(registry);
  const complete = await fetchAll(test, blob, 1000);
  assertEquals([complete.offset, complete.bytes.length, registry.requests.all.length], [1000, 0, 0]);
  const long = await fetchAll(test, blob, 1001);
  assertEquals([long.offset, long.bytes.length], [0, 1000]);
});

Deno.test("If storage refuses an expired URL, a new one is requested from the registry", async () => {
  await using registry = await startRegistry();
  await using storage = await startRegistry();
  const blob = await pushBlob(BYTES, registry, storage);
  registry.fault({ kind: "blob", times: 2 }, redirectTo(storage.origin));
  storage.fault({ kind: "blob" }, status(403));
  using test = openTestRemote(registry);
  const got = await fetchAll(test, blob);
  assert(equalBytes(got.bytes, BYTES));
  assertEquals(registry.requests.all.length, 2);
});

Deno.test("Errors of redirected requests name both hosts, and no secret of the URL", async () => {
  await using registry = await startRegistry();
  await using storage = await startRegistry();
  const blob = await pushBlob(BYTES, registry);
  registry.fault({ kind: "blob", times: 9 }, redirectTo(storage.origin));
  using test = openTestRemote(registry);
  const error = await assertRejects(() => fetchAll(test, blob), AppError);
  assertStringIncludes(
    error.message,
    `host "${registry.host}" redirected to "${storage.host}", which answered 404`,
  );
  assert(!error.message.includes("secret-of-the-address"));
});

/** A transport that records its requests and responds with these bytes. */
function recorder(bytes: Uint8Array): Transport & { readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  return {
    requests,
    send(request): Promise<HttpResponse> {
      requests.push(request);
      let isRead = false;
      return Promise.resolve({
        status: 200,
        headers: new Headers(),
        url: request.url,
        body: {
          read(buffer) {
            if (isRead) return Promise.resolve(null);
            isRead = true;
            buffer.set(bytes);
            return Promise.resolve(bytes.length);
          },
        },
        [Symbol.dispose]() {},
      });
    },
  };
}

/** A repository without blobs, and the descriptor of a blob. */
async function foreignCase(change: Partial<Descriptor>) {
  const registry = await startRegistry();
  const blob = { ...await pushBlob(BYTES), ...change };
  registry.content.repository(REPOSITORY);
  const test = openTestRemote(registry);
  const transport = recorder(BYTES);
  const { context } = test;
  const session = {
    host: {
      registry: registry.host,
      base: new URL(`${registry.origin}/v2/`),
      capabilities: new Set(["pull", "resolve"] as const),
      isMirror: false,
      headers: {},
    },
    credentialSource: "/home/u/config.json",
    secrets: new SecretSet(),
    send: (request: { readonly path: string }) =>
      Promise.resolve<HttpResponse>({
        status: 404,
        headers: new Headers(),
        url: new URL(request.path, `${registry.origin}/v2/`),
        body: { read: () => Promise.resolve(null) },
        [Symbol.dispose]() {},
      }),
  };
  const fetcher = new RegistryFetcher({
    name: `${registry.host}/${REPOSITORY}`,
    repository: REPOSITORY,
    sessions: [session],
    transport,
    addresses: new AddressPolicy(
      () => false,
      (name) => Promise.resolve(name === "private.test" ? ["10.0.0.1"] : ["203.0.113.1"]),
    ),
    context,
  });
  return {
    blob,
    transport,
    fetcher,
    async [Symbol.asyncDispose]() {
      test[Symbol.dispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

const URLS = [
  "http://plain.test/a",
  "https://u:p@secret.test/b",
  "not a url",
  "https://169.254.169.254/latest",
  "https://[::1]/d",
  "https://private.test/e",
  "https://localhost/e",
  "https://good.test/c",
];

Deno.test("A foreign layer that the registry lacks is fetched from its https URLs, without credentials", async () => {
  await using foreign = await foreignCase({ mediaType: FOREIGN, urls: URLS });
  using body = await foreign.fetcher.fetch(foreign.blob, {}, neverAborted());
  assertEquals(body.host, "good.test");
  assertEquals(foreign.transport.requests.map(({ url }) => url.href), ["https://good.test/c"]);
  assertEquals(Object.keys(foreign.transport.requests[0]?.headers ?? {}), ["accept"]);
});

Deno.test("The URLs of a layer that is not foreign are not used", async () => {
  await using usual = await foreignCase({ urls: URLS });
  const error = await assertRejects(() => usual.fetcher.fetch(usual.blob, {}, neverAborted()), AppError);
  assertEquals([error.code, usual.transport.requests.length], ["not_found", 0]);
});
