import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../oci/media_type.ts";
import { assertEquals, assertRejects } from "../../tests/assert.ts";
import { buildDocument, buildImage } from "../../tests/images/mod.ts";
import { type Fault, headers, startRegistry, status, type TestRegistry } from "../../tests/registry/mod.ts";
import { openTestRemote, REPOSITORY } from "./test_remote.ts";

const never = neverAborted();

/** Pushes an image and a manifest that refers to it. */
async function pushPair(registry: TestRegistry) {
  const image = await buildImage();
  registry.push(REPOSITORY, "v1", image);
  const { digest, mediaType, bytes } = image.root;
  const referrer = await buildDocument(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: "application/x-note",
    config: image.config,
    layers: [],
    subject: { mediaType, digest, size: bytes.length },
  });
  registry.push(REPOSITORY, undefined, { root: referrer, documents: [referrer], blobs: [] });
  return { image, referrer };
}

Deno.test("listReferrers() uses the API", async () => {
  await using registry = await startRegistry();
  const { image, referrer } = await pushPair(registry);
  using test = openTestRemote(registry);
  const found = await test.remote.listReferrers(image.root.digest, never);
  assertEquals(found?.map(({ digest, artifactType }) => [digest, artifactType]), [
    [referrer.digest, "application/x-note"],
  ]);
  assertEquals(await test.remote.listReferrers(referrer.digest, never), []);
});

Deno.test("listReferrers() uses the referrers tag of a host without the API, and returns nothing without a tag", async () => {
  await using registry = await startRegistry();
  const { image, referrer } = await pushPair(registry);
  registry.fault({ kind: "referrers", times: 9 }, status(404));
  using test = openTestRemote(registry);
  assertEquals(await test.remote.listReferrers(image.root.digest, never), []);
  const entry = { mediaType: OCI_MANIFEST, digest: referrer.digest, size: referrer.bytes.length };
  const list = await buildDocument(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] });
  registry.push(REPOSITORY, image.root.digest.replace(":", "-"), {
    root: list,
    documents: [list],
    blobs: [],
  });
  assertEquals(await test.remote.listReferrers(image.root.digest, never), [entry]);
});

Deno.test("listReferrers() takes the tag at a host that responds to the API with an error or a web page", async (t) => {
  const body = new TextEncoder().encode("<html></html>");
  const page: Fault = () => ({
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: { size: body.length, chunks: [body], offset: 0 },
  });
  const cases = [["400", status(400)], ["405", status(405)], ["406", status(406)], ["501", status(501)], [
    "page",
    page,
  ]] as const;
  for (const [name, fault] of cases) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      const { image, referrer } = await pushPair(registry);
      registry.fault({ kind: "referrers", times: 9 }, fault);
      const entry = { mediaType: OCI_MANIFEST, digest: referrer.digest, size: referrer.bytes.length };
      const list = await buildDocument(OCI_INDEX, { schemaVersion: 2, manifests: [entry] });
      registry.push(REPOSITORY, image.root.digest.replace(":", "-"), {
        root: list,
        documents: [list],
        blobs: [],
      });
      using test = openTestRemote(registry);
      assertEquals(await test.remote.listReferrers(image.root.digest, never), [entry]);
    });
  }
});

Deno.test("listReferrers() accepts an index without entries, and ignores entries that are invalid", async (t) => {
  await using registry = await startRegistry();
  const { image, referrer } = await pushPair(registry);
  const entry = { mediaType: OCI_MANIFEST, digest: referrer.digest, size: referrer.bytes.length };
  const cases = [[null, []], [[{ ...entry, size: -1 }, entry], [entry]]] as const;
  for (const [manifests, want] of cases) {
    await t.step(JSON.stringify(want.length), async () => {
      const body = new TextEncoder().encode(
        JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }),
      );
      registry.fault({ kind: "referrers" }, (response) => ({
        ...response,
        body: { size: body.length, chunks: [body], offset: 0 },
      }));
      using test = openTestRemote(registry);
      assertEquals(await test.remote.listReferrers(image.root.digest, never), [...want]);
    });
  }
});

Deno.test("listReferrers() refuses a list without an end", async () => {
  await using registry = await startRegistry();
  const { image } = await pushPair(registry);
  const link = `</v2/${REPOSITORY}/referrers/${image.root.digest}?page=1>; rel="next"`;
  registry.fault({ kind: "referrers", times: 999 }, headers({ link }));
  using test = openTestRemote(registry);
  const error = await assertRejects(
    () => test.remote.listReferrers(image.root.digest, never),
    AppError,
    "more than 100 pages",
  );
  assertEquals(error.code, "invalid_content");
});
