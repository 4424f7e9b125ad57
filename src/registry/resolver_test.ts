import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { TransferRetry } from "../content/remote.ts";
import { digestOf } from "../oci/digest.ts";
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "../oci/media_type.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { buildDocument, buildImage } from "../../tests/images/mod.ts";
import {
  compressed,
  digestHeader,
  type Fault,
  hangUp,
  headers,
  redirectTo,
  startRegistry,
  status,
  tooManyRequests,
  withoutLength,
} from "../../tests/registry/mod.ts";
import { openTestRemote, REPOSITORY } from "./test_remote.ts";

const never = neverAborted();
const OTHER = `sha256:${"0".repeat(64)}`;

Deno.test("resolve() sends one request, and returns verified bytes", async () => {
  await using registry = await startRegistry();
  const { root } = await buildImage();
  registry.push(REPOSITORY, "v1", { root, documents: [root], blobs: [] });
  using test = openTestRemote(registry);
  const resolved = await test.remote.resolve(test.reference, never);
  assertEquals(resolved.descriptor, {
    mediaType: root.mediaType,
    digest: root.digest,
    size: root.bytes.length,
  });
  assertEquals(resolved.bytes, root.bytes);
  assertEquals(resolved.host, registry.host);
  assertEquals(registry.requests.lines, [`GET /v2/${REPOSITORY}/manifests/v1`]);
  const accept = registry.requests.all[0]?.headers.get("accept") ?? "";
  for (const type of [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST]) {
    assertStringIncludes(accept, type);
  }
});

Deno.test("A reference with a digest is requested by digest, whatever its tag", async () => {
  await using registry = await startRegistry();
  const image = await buildImage();
  registry.push(REPOSITORY, "v1", image);
  using test = openTestRemote(registry);
  await test.remote.resolve({ ...test.reference, tag: "other", digest: image.root.digest }, never);
  assertEquals(registry.requests.lines, [`GET /v2/${REPOSITORY}/manifests/${image.root.digest}`]);
});

Deno.test("A sha512 digest is verified with sha512", async () => {
  await using registry = await startRegistry();
  const image = await buildImage({ algorithm: "sha512" });
  registry.push(REPOSITORY, "v1", image);
  using test = openTestRemote(registry);
  for (const reference of [test.reference, { ...test.reference, digest: image.root.digest }]) {
    assertEquals((await test.remote.resolve(reference, never)).descriptor.digest, image.root.digest);
  }
});

interface Refused {
  readonly name: string;
  readonly faults: readonly [Fault, ...Fault[]];
  readonly code: ErrorCode;
  readonly message: string;
}

const REFUSED: readonly Refused[] = [
  {
    name: "a digest header that doesn't match the bytes",
    faults: [digestHeader(OTHER)],
    code: "digest_mismatch",
    message: `announced "${OTHER}" for bytes that hash to`,
  },
  {
    name: "a media type that doesn't match the document",
    faults: [headers({ "content-type": OCI_INDEX })],
    code: "invalid_content",
    message: "mediaType",
  },
  {
    name: "an HTML page",
    faults: [page("<html>log in to the hotel</html>")],
    code: "invalid_content",
    message: "not valid JSON",
  },
  {
    name: "a document over 4 MiB",
    faults: [page(" ".repeat(4 * 1024 * 1024 + 1))],
    code: "limit_exceeded",
    message: "larger than 4194304 bytes",
  },
  {
    name: "an encoding",
    faults: [headers({ "content-encoding": "x-other" })],
    code: "unsupported",
    message: 'Content-Encoding "x-other"',
  },
  { name: "404", faults: [status(404)], code: "not_found", message: "check the name" },
  { name: "401", faults: [status(401)], code: "unauthorized", message: "log in, or check the name" },
  { name: "403", faults: [status(403)], code: "forbidden", message: "log in with an account" },
  {
    name: "429 for hours",
    faults: [tooManyRequests(10_800)],
    code: "rate_limited",
    message: "rate limited until 2026-01-01 03:00:00 UTC, and dray waits at most 60 s",
  },
];

function page(text: string): Fault {
  const bytes = new TextEncoder().encode(text);
  return () => ({ status: 200, headers: {}, body: { size: bytes.length, chunks: [bytes], offset: 0 } });
}

/** Failures that may be those of one server behind the host's name. */
const DOUBTFUL: readonly ErrorCode[] = ["digest_mismatch", "invalid_content", "unsupported"];

Deno.test("resolve() retries doubtful responses twice, and refuses others immediately", async (t) => {
  for (const { name, faults, code, message } of REFUSED) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      registry.push(REPOSITORY, "v1", await buildImage());
      registry.fault({ kind: "manifest", times: 3 }, ...faults);
      using test = openTestRemote(registry, { attempts: 5 });
      const error = await assertRejects(() => test.remote.resolve(test.reference, never), AppError);
      assertEquals(error.code, code, error.message);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, registry.host);
      // A refused anonymous client also requests the base, which may have a challenge.
      assertEquals(registry.requests.of("/manifests/").length, DOUBTFUL.includes(code) ? 3 : 1);
    });
  }
});

Deno.test("resolve() succeeds after two doubtful responses", async (t) => {
  for (const { name, faults } of REFUSED.filter(({ code }) => DOUBTFUL.includes(code))) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const { digest } = registry.push(REPOSITORY, "v1", await buildImage());
      registry.fault({ kind: "manifest", times: 2 }, ...faults);
      using test = openTestRemote(registry);
      const { descriptor } = await test.remote.resolve(test.reference, never);
      assertEquals(descriptor.digest, digest);
    });
  }
});

Deno.test("resolve() refuses bytes that don't match the reference's digest", async () => {
  await using registry = await startRegistry();
  const image = await buildImage();
  registry.push(REPOSITORY, "v1", image);
  const want = await digestOf(new Uint8Array(1));
  registry.content.repository(REPOSITORY).documents.set(want, image.root);
  using test = openTestRemote(registry);
  const reference = { ...test.reference, digest: want };
  const error = await assertRejects(() => test.remote.resolve(reference, never), AppError, "hash to");
  assertEquals(error.code, "digest_mismatch");
});

Deno.test("resolve() accepts responses without optional headers", async (t) => {
  const cases: readonly (readonly [string, readonly [Fault, ...Fault[]]])[] = [
    ["no digest", [digestHeader(undefined)]],
    ["garbage for a digest", [digestHeader("sha256:xyz")]],
    ["no length", [withoutLength()]],
    ["no media type", [headers({ "content-type": undefined })]],
    ["a general media type", [headers({ "content-type": "application/json; charset=utf-8" })]],
  ];
  for (const [name, faults] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const image = await buildImage();
      registry.push(REPOSITORY, "v1", image);
      registry.fault({ kind: "manifest" }, ...faults);
      using test = openTestRemote(registry);
      const { descriptor } = await test.remote.resolve(test.reference, never);
      assertEquals([descriptor.digest, descriptor.mediaType], [image.root.digest, image.root.mediaType]);
    });
  }
});

Deno.test("resolve() retries retryable failures", async (t) => {
  const cases: readonly (readonly [string, Fault, number])[] = [
    ["500", status(500), 150],
    ["503 with a wait", status(503, { "retry-after": "20" }), 20_000],
    ["429 without a wait", tooManyRequests(), 150],
    ["429 with a wait", tooManyRequests(20), 20_000],
    ["429 with a date", untilDate("Thu, 01 Jan 2026 00:00:20 GMT"), 20_000],
    ["429 with a date that has passed", untilDate("Wed, 31 Dec 2025 00:00:20 GMT"), 150],
    ["429 with garbage", tooManyRequests("soon"), 150],
    ["a connection that fails", hangUp(), 150],
  ];
  for (const [name, fault, minMs] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      registry.push(REPOSITORY, "v1", await buildImage());
      registry.fault({ kind: "manifest" }, fault);
      using test = openTestRemote(registry);
      const retries: TransferRetry[] = [];
      await test.remote.resolve(test.reference, never, (event) => retries.push(event));
      assertEquals(registry.requests.all.length, 2);
      assertEquals(retries.map(({ attempt }) => attempt), [1]);
      assertStringIncludes(retries[0]?.reason ?? "", registry.host);
      assert(test.clock.elapsed() >= minMs && test.clock.elapsed() < minMs + 3000);
    });
  }
});

function untilDate(date: string): Fault {
  return status(429, { date: "Thu, 01 Jan 2026 00:00:00 GMT", "retry-after": date });
}

Deno.test("resolve() decodes a compressed document, and its digest is that of the decoded bytes", async (t) => {
  const cases: readonly (readonly [string, Fault])[] = [
    ["gzip", compressed()],
    ["x-gzip", compressed("x-gzip")],
    ["chunked", compressed("gzip", "chunked")],
    ["until the connection ends", compressed("gzip", "close")],
    ["a label only", headers({ "content-encoding": "gzip" })],
    ["a label without meaning", headers({ "content-encoding": "aws-chunked" })],
  ];
  for (const [name, fault] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const { root } = await buildImage();
      registry.push(REPOSITORY, "v1", { root, documents: [root], blobs: [] });
      registry.fault({ kind: "manifest" }, fault);
      using test = openTestRemote(registry);
      const resolved = await test.remote.resolve(test.reference, never);
      assertEquals(resolved.descriptor.digest, root.digest);
      assertEquals(resolved.bytes, root.bytes);
    });
  }
});

Deno.test("resolve() rejects a compressed document with another digest, or of more than 4 MiB", async (t) => {
  const cases: readonly (readonly [string, readonly Fault[], ErrorCode])[] = [
    ["another digest", [digestHeader(OTHER), compressed()], "digest_mismatch"],
    ["too large", [page(" ".repeat(4 * 1024 * 1024 + 1)), compressed()], "limit_exceeded"],
  ];
  for (const [name, faults, code] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      registry.push(REPOSITORY, "v1", await buildImage());
      registry.fault({ kind: "manifest", times: 9 }, ...faults);
      using test = openTestRemote(registry);
      const error = await assertRejects(() => test.remote.resolve(test.reference, never), AppError);
      assertEquals(error.code, code);
    });
  }
});

interface HeadCase {
  readonly name: string;
  readonly fault?: Fault;
  readonly methods: readonly string[];
}

const HEAD_CASES: readonly HeadCase[] = [
  { name: "a complete response to HEAD", methods: ["HEAD"] },
  { name: "405", fault: status(405), methods: ["HEAD", "GET"] },
  { name: "403", fault: status(403), methods: ["HEAD", "GET"] },
  { name: "no digest", fault: digestHeader(undefined), methods: ["HEAD", "GET"] },
  { name: "no media type", fault: headers({ "content-type": undefined }), methods: ["HEAD", "GET"] },
  { name: "404", fault: status(404), methods: ["HEAD", "GET"] },
  { name: "500", fault: status(500), methods: ["HEAD", "GET"] },
  { name: "no response", fault: hangUp(), methods: ["HEAD", "GET"] },
  { name: "a web page", fault: headers({ "content-type": "text/html" }), methods: ["HEAD", "GET"] },
  { name: "an invalid digest", fault: digestHeader("sha256:abc"), methods: ["HEAD", "GET"] },
  { name: "a length of 0", fault: headers({ "content-length": "0" }), methods: ["HEAD", "GET"] },
  { name: "an encoding", fault: headers({ "content-encoding": "gzip" }), methods: ["HEAD", "GET"] },
  { name: "a redirect to nowhere", fault: redirectTo("ftp://a.test/"), methods: ["HEAD", "GET"] },
];

Deno.test("resolveDigest() sends HEAD, and GET if the response isn't sufficient", async (t) => {
  for (const { name, fault, methods } of HEAD_CASES) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const { root } = await buildImage();
      registry.push(REPOSITORY, "v1", { root, documents: [root], blobs: [] });
      if (fault !== undefined) registry.fault({ kind: "manifest", method: "HEAD" }, fault);
      using test = openTestRemote(registry);
      const resolved = await test.remote.resolveDigest?.(test.reference, never);
      assertEquals(resolved?.descriptor, {
        mediaType: root.mediaType,
        digest: root.digest,
        size: root.bytes.length,
      });
      assertEquals(registry.requests.of("/manifests/").map(({ method }) => method), [...methods]);
    });
  }
});

Deno.test("resolveDigest() reports what GET reports, and sends no GET after 429", async (t) => {
  const cases = [
    ["404", undefined, "not_found", ["HEAD", "GET"]],
    ["429", tooManyRequests(10_800), "rate_limited", ["HEAD"]],
  ] as const;
  for (const [name, fault, code, methods] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      if (fault !== undefined) registry.fault({ kind: "manifest" }, fault);
      using test = openTestRemote(registry);
      const error = await assertRejects(
        () => test.remote.resolveDigest?.(test.reference, never) ?? Promise.resolve(),
        AppError,
      );
      assertEquals(error.code, code);
      assertEquals(registry.requests.of("/manifests/").map(({ method }) => method), [...methods]);
    });
  }
});

Deno.test("A refusal of HEAD is explained by the body of GET", async () => {
  await using registry = await startRegistry();
  registry.push(REPOSITORY, "v1", await buildImage());
  registry.fault({ kind: "manifest", times: 2 }, status(403));
  using test = openTestRemote(registry);
  await assertRejects(
    () => test.remote.resolveDigest?.(test.reference, never) ?? Promise.resolve(),
    AppError,
    '("the test asked for 403")',
  );
});

Deno.test("Warnings of a host are reported", async () => {
  await using registry = await startRegistry();
  registry.push(REPOSITORY, "v1", await buildImage());
  registry.fault({ kind: "manifest" }, headers({ warning: '299 - "v1 goes away \\"soon\\""' }));
  using test = openTestRemote(registry);
  await test.remote.resolve(test.reference, never);
  assertEquals(test.warnings, ['v1 goes away "soon"']);
});

Deno.test("Schema 1 is refused with its name", async () => {
  await using registry = await startRegistry();
  const type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  const root = await buildDocument(type, { schemaVersion: 1, name: "x", fsLayers: [] });
  registry.push(REPOSITORY, "v1", { root, documents: [root], blobs: [] });
  using test = openTestRemote(registry);
  const error = await assertRejects(() => test.remote.resolve(test.reference, never), AppError, "schema 1");
  assertEquals(error.code, "unsupported");
});
