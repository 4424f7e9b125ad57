/**
 * Documents that must be refused, each with a different error.
 *
 * @module
 */
import { MIB } from "../../src/base/bytes.ts";
import {
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../src/oci/media_type.ts";
import { buildDocument, buildImage, describe, type TestArtifact } from "./image.ts";

/** The fault of a document. */
export type BadKind =
  /** It has `manifests` and `layers` (CVE-2021-41190). */
  | "both"
  /** It is served as an index, but its `mediaType` is that of a manifest. */
  | "wrongMediaType"
  /** It is served with a media type that is not an image document. */
  | "unknownMediaType"
  /** More than 4 MiB of valid JSON. */
  | "tooBig"
  | "notJson"
  /** JSON, but not an object. */
  | "notObject"
  | "notUtf8"
  | "schema1"
  | "schema1Signed"
  /** `schemaVersion` 3. */
  | "schema3"
  /** A layer of a negative size. */
  | "negativeSize"
  /** A layer whose digest has upper-case hex digits. */
  | "badDigest"
  /** A layer whose digest is a path out of the blobs directory. */
  | "digestPath";

/** All kinds, for tables of cases. */
export const BAD_KINDS: readonly BadKind[] = [
  "both",
  "wrongMediaType",
  "unknownMediaType",
  "tooBig",
  "notJson",
  "notObject",
  "notUtf8",
  "schema1",
  "schema1Signed",
  "schema3",
  "negativeSize",
  "badDigest",
  "digestPath",
];

/** Builds an artifact whose root document is invalid. Everything that it references exists. */
export async function buildBad(kind: BadKind): Promise<TestArtifact> {
  const good = await buildImage();
  const fields = JSON.parse(new TextDecoder().decode(good.root.bytes));
  const [mediaType, content] = badContent(kind, fields, describe(good.root));
  const root = await buildDocument(mediaType, content);
  return { root, documents: [...good.documents, root], blobs: good.blobs };
}

function badContent(
  kind: BadKind,
  fields: Record<string, unknown>,
  good: unknown,
): [mediaType: string, content: unknown] {
  const layer = (changes: object) => ({
    ...fields,
    layers: [{ mediaType: OCI_LAYER_GZIP, digest: `sha256:${"0".repeat(64)}`, size: 10, ...changes }],
  });
  switch (kind) {
    case "both":
      return [OCI_INDEX, { ...fields, mediaType: OCI_INDEX, manifests: [good] }];
    case "wrongMediaType":
      return [OCI_INDEX, fields];
    case "unknownMediaType":
      return ["text/html", { ...fields, mediaType: "text/html" }];
    case "tooBig":
      return [OCI_MANIFEST, { ...fields, annotations: { filler: "x".repeat(4 * MIB) } }];
    case "notJson":
      return [OCI_MANIFEST, "<html>no</html>"];
    case "notObject":
      return [OCI_MANIFEST, "[1, 2]"];
    case "notUtf8":
      return [OCI_MANIFEST, Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)];
    case "schema1":
      return [DOCKER_SCHEMA1, { schemaVersion: 1, name: "a", tag: "b", fsLayers: [], history: [] }];
    case "schema1Signed":
      return [DOCKER_SCHEMA1_SIGNED, { schemaVersion: 1, name: "a", tag: "b", fsLayers: [], signatures: [] }];
    case "schema3":
      return [OCI_MANIFEST, { ...fields, schemaVersion: 3 }];
    case "negativeSize":
      return [OCI_MANIFEST, layer({ size: -1 })];
    case "badDigest":
      return [OCI_MANIFEST, layer({ digest: `sha256:${"A".repeat(64)}` })];
    case "digestPath":
      return [OCI_MANIFEST, layer({ digest: "sha256:../../../../etc/passwd" })];
  }
}
