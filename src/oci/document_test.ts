import { assert, assertEquals, assertThrows } from "../../tests/assert.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import { MANIFEST_MAX_BYTES, parseDocument } from "./document.ts";
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "./media_type.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const CONFIG = { mediaType: "application/vnd.oci.image.config.v1+json", digest: DIGEST, size: 2 };
const LAYER = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: DIGEST, size: 3 };
const MANIFEST = { schemaVersion: 2, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, manifests: [{ mediaType: OCI_MANIFEST, digest: DIGEST, size: 4 }] };

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** A manifest with an annotation that is not UTF-8. */
function latin1Author(): Uint8Array {
  const bytes = bytesOf({ ...MANIFEST, annotations: { author: "J@rg" } });
  return bytes.map((byte) => byte === 0x40 ? 0xf6 : byte);
}

Deno.test("parseDocument() keeps the valid entries of an index, and the errors of the others", () => {
  const [good] = INDEX.manifests;
  const entries = [
    { ...good, size: -1 },
    { ...good, digest: "md5:abcd" },
    { ...good, digest: "sha256:short" },
    { ...good, platform: "linux/amd64" },
    { ...good, mediaType: undefined },
    null,
    "text",
    { ...good, platform: { os: "", architecture: "" } },
    { ...good, platform: { architecture: "arm64" } },
    good,
  ];
  const document = parseDocument(bytesOf({ schemaVersion: 2, manifests: entries }), OCI_INDEX, "it");
  assert(document.kind === "index");
  assertEquals(document.manifests.map(({ platform }) => platform), [
    undefined,
    { os: "linux", architecture: "arm64" },
    undefined,
  ]);
  assertEquals(document.invalidEntries?.length, 7);
  assert(document.invalidEntries?.[0]?.message.includes("it, manifests[0].size"));
});

Deno.test("parseDocument() rejects an index with more than 100 invalid entries", () => {
  const [good] = INDEX.manifests;
  const parse = (count: number) => {
    const manifests = [good, ...new Array(count).fill(0)];
    return parseDocument(bytesOf({ schemaVersion: 2, manifests }), OCI_INDEX, "it");
  };
  const document = parse(100);
  assert(document.kind === "index" && document.invalidEntries?.length === 100);
  const error = assertThrows(() => parse(101), AppError, "it, manifests[101]");
  assertEquals(error.code, "invalid_content");
});

Deno.test("parseDocument() determines the media type from the document and the expected type", async (t) => {
  const cases: readonly (readonly [name: string, document: unknown, expected: string, want: string])[] = [
    ["an OCI manifest", { ...MANIFEST, mediaType: OCI_MANIFEST }, OCI_MANIFEST, OCI_MANIFEST],
    ["a manifest without mediaType", MANIFEST, OCI_MANIFEST, OCI_MANIFEST],
    [
      "a Docker manifest",
      { ...MANIFEST, mediaType: DOCKER_MANIFEST },
      `${DOCKER_MANIFEST}; charset=utf-8`,
      DOCKER_MANIFEST,
    ],
    ["an index", { ...INDEX, mediaType: OCI_INDEX }, OCI_INDEX, OCI_INDEX],
    ["a Docker list", { ...INDEX, mediaType: DOCKER_LIST }, DOCKER_LIST, DOCKER_LIST],
    [
      "a response with application/json",
      { ...INDEX, mediaType: DOCKER_LIST },
      "application/json",
      DOCKER_LIST,
    ],
    ["no media type: an index", INDEX, "", OCI_INDEX],
    ["no media type: a manifest", MANIFEST, "", OCI_MANIFEST],
    ["no layers", { schemaVersion: 2, config: CONFIG }, OCI_MANIFEST, OCI_MANIFEST],
    [
      "null for unset fields",
      { ...MANIFEST, annotations: { a: null }, subject: null, manifests: null },
      OCI_MANIFEST,
      OCI_MANIFEST,
    ],
    ["an index without entries", { schemaVersion: 2, manifests: null }, OCI_INDEX, OCI_INDEX],
    ["no version, but a type", { config: CONFIG, layers: [LAYER] }, OCI_MANIFEST, OCI_MANIFEST],
    [
      "the type of schema 1",
      MANIFEST,
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      OCI_MANIFEST,
    ],
    [
      "another type of the same kind",
      { ...MANIFEST, mediaType: OCI_MANIFEST },
      DOCKER_MANIFEST,
      OCI_MANIFEST,
    ],
    ["another index type", { ...INDEX, mediaType: DOCKER_LIST }, OCI_INDEX, DOCKER_LIST],
    ["text in another encoding", latin1Author(), OCI_MANIFEST, OCI_MANIFEST],
  ];
  for (const [name, document, expected, want] of cases) {
    await t.step(name, () => assertEquals(parseDocument(bytesOf(document), expected, "it").mediaType, want));
  }
});

Deno.test("parseDocument() reports the cause for each invalid document", async (t) => {
  const cases:
    readonly (readonly [name: string, document: unknown, expected: string, code: ErrorCode, why: string])[] =
      [
        [
          "an index and a manifest",
          { ...MANIFEST, ...INDEX },
          "",
          "invalid_content",
          "both an index and a manifest",
        ],
        [
          "manifests and a config",
          { ...INDEX, config: CONFIG },
          "",
          "invalid_content",
          "both an index and a manifest",
        ],
        ["schema 1 by number", { schemaVersion: 1, fsLayers: [] }, "", "unsupported", "schema 1"],
        [
          "schema 1 by type",
          { config: CONFIG },
          "application/vnd.docker.distribution.manifest.v1+prettyjws",
          "unsupported",
          "schema 1",
        ],
        [
          "a media type of another kind than the expected one",
          { ...MANIFEST, mediaType: DOCKER_MANIFEST },
          OCI_INDEX,
          "invalid_content",
          "but expected",
        ],
        [
          "an index called a manifest",
          { ...INDEX, mediaType: OCI_MANIFEST },
          "",
          "invalid_content",
          "its fields don't match",
        ],
        [
          "a manifest called an index",
          { ...MANIFEST, mediaType: OCI_INDEX },
          "",
          "invalid_content",
          "its fields don't match",
        ],
        ["an unknown type", { ...MANIFEST, mediaType: "text/plain" }, "", "unsupported", '"text/plain"'],
        ["no version", { config: CONFIG, layers: [] }, "", "invalid_content", "schemaVersion"],
        ["not JSON", "{", "", "invalid_content", "not valid JSON"],
        [
          "another version",
          { ...MANIFEST, schemaVersion: 3 },
          OCI_MANIFEST,
          "invalid_content",
          "schemaVersion",
        ],
        [
          "an index with an empty list of layers",
          { ...INDEX, layers: [] },
          OCI_INDEX,
          "invalid_content",
          "both an index and a manifest",
        ],
        ["not an object", "[]", "", "invalid_content", "an object"],
        [
          "a size that is text",
          { ...MANIFEST, config: { ...CONFIG, size: "2" } },
          "",
          "invalid_content",
          "it, config.size",
        ],
        [
          "a negative size",
          { ...MANIFEST, layers: [{ ...LAYER, size: -1 }] },
          "",
          "invalid_content",
          "it, layers[0].size",
        ],
        [
          "a digest with a slash",
          { ...MANIFEST, config: { ...CONFIG, digest: "sha256:../../etc" } },
          "",
          "invalid_content",
          "it, config.digest",
        ],
        [
          "an unknown algorithm",
          { ...MANIFEST, config: { ...CONFIG, digest: "md5:abcd" } },
          "",
          "unsupported",
          "md5",
        ],
        ["no config", { schemaVersion: 2, layers: [] }, OCI_MANIFEST, "invalid_content", "it, config"],
      ];
  for (const [name, document, expected, code, why] of cases) {
    await t.step(name, () => {
      const error = assertThrows(() => parseDocument(bytesOf(document), expected, "it"), AppError, why);
      assertEquals(error.code, code);
    });
  }
});

Deno.test("parseDocument() accepts documents up to 4 MiB", () => {
  const text = JSON.stringify({ ...MANIFEST, annotations: { pad: "" } });
  const padded = (size: number) =>
    bytesOf(text.replace('"pad":""', `"pad":"${"x".repeat(size - text.length)}"`));
  assert(parseDocument(padded(MANIFEST_MAX_BYTES), "", "it").kind === "manifest");
  const error = assertThrows(() => parseDocument(padded(MANIFEST_MAX_BYTES + 1), "", "it"), AppError);
  assertEquals(error.code, "limit_exceeded");
});
