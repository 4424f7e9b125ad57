/**
 * Images of one platform, and artifacts.
 *
 * @module
 */
import type { HashAlgorithm } from "../../src/base/hash.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_MANIFEST,
} from "../../src/oci/media_type.ts";
import { parsePlatform, type Platform } from "../../src/oci/platform.ts";
import { memoryBlob, type TestBlob } from "./blob.ts";
import { base64, buildLayer, type Format, type LayerSpec, type TestLayer } from "./layer.ts";

/** A manifest or index. */
export interface TestDocument {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An artifact that can be pushed: a root document and everything that it references. */
export interface TestArtifact {
  readonly root: TestDocument;
  /** All documents, including the root. */
  readonly documents: readonly TestDocument[];
  /** Configs and layers that the registry serves. */
  readonly blobs: readonly TestBlob[];
}

/** An image of one platform. */
export interface TestImage extends TestArtifact {
  readonly platform: Platform;
  readonly config: Descriptor;
  readonly configBytes: Uint8Array<ArrayBuffer>;
  readonly layers: readonly TestLayer[];
}

/** Options of an image. */
export interface ImageSpec {
  /** @default {"oci"} */
  readonly format?: Format;
  /** @default {"linux/amd64"} */
  readonly platform?: string;
  /** Layers, or the number of default layers. @default {2} */
  readonly layers?: number | readonly LayerSpec[];
  /** Images with equal options but different seeds have different content. @default {1} */
  readonly seed?: number;
  /** Fields of the config's `config`: `Env`, `User`, `Cmd`. */
  readonly runConfig?: Readonly<Record<string, unknown>>;
  /** Fields of the manifest, added or replaced. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** The algorithm of the manifest's and the config's digest. @default {"sha256"} */
  readonly algorithm?: HashAlgorithm;
  /** Also embeds the config in its descriptor. @default {false} */
  readonly embedConfig?: boolean;
}

/** Makes a document from a JSON value, text or bytes. */
export async function buildDocument(
  mediaType: string,
  content: unknown,
  algorithm: HashAlgorithm = "sha256",
): Promise<TestDocument> {
  const bytes = content instanceof Uint8Array
    ? new Uint8Array(content)
    : new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
  return { digest: await digestOf(bytes, algorithm), mediaType, bytes };
}

/** Returns the descriptor of a document. */
export function describe(document: TestDocument, extra: Partial<Descriptor> = {}): Descriptor {
  return { mediaType: document.mediaType, digest: document.digest, size: document.bytes.length, ...extra };
}

/** Makes an image of one platform. */
export async function buildImage(spec: ImageSpec = {}): Promise<TestImage> {
  const { format = "oci", seed = 1, algorithm = "sha256" } = spec;
  const platform = parsePlatform(spec.platform ?? "linux/amd64");
  const specs = typeof spec.layers === "object" ? spec.layers : Array<LayerSpec>(spec.layers ?? 2).fill({});
  const layers: TestLayer[] = [];
  for (const [i, layer] of specs.entries()) {
    layers.push(await buildLayer({ seed: seed * 1000 + i, ...layer }, format));
  }
  const configBytes = new TextEncoder().encode(JSON.stringify(configOf(platform, layers, spec)));
  const configBlob = await memoryBlob(configBytes, algorithm);
  const config: Descriptor = {
    mediaType: format === "oci" ? OCI_CONFIG : DOCKER_CONFIG,
    digest: configBlob.digest,
    size: configBlob.size,
    ...(spec.embedConfig && { data: base64(configBytes) }),
  };
  const mediaType = format === "oci" ? OCI_MANIFEST : DOCKER_MANIFEST;
  const root = await buildDocument(mediaType, {
    schemaVersion: 2,
    mediaType,
    config,
    layers: layers.map((layer) => layer.descriptor),
    ...spec.manifest,
  }, algorithm);
  const blobs = [configBlob, ...layers.filter((layer) => !layer.foreign).map((layer) => layer.blob)];
  return { root, documents: [root], blobs, platform, config, configBytes, layers };
}

function configOf(platform: Platform, layers: readonly TestLayer[], spec: ImageSpec): unknown {
  return {
    created: "2026-01-02T03:04:05Z",
    ...platform,
    config: spec.runConfig ?? { Env: ["PATH=/usr/bin:/bin"], Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((_, i) => ({ created: "2026-01-02T03:04:05Z", created_by: `step ${i + 1}` })),
  };
}

/** Options of an artifact. */
export interface ArtifactSpec {
  /** @default {"application/vnd.example.thing"} */
  readonly artifactType?: string;
  /** The config's media type; its bytes are `{}`. @default the empty type of OCI */
  readonly configType?: string;
  /** Contents of its blobs. @default one short text */
  readonly files?: readonly string[];
  /** Its `subject`, for referrers. */
  readonly subject?: TestDocument;
}

/** Makes an artifact: a manifest whose config isn't an image config. */
export async function buildArtifact(spec: ArtifactSpec = {}): Promise<TestArtifact> {
  const empty = await memoryBlob(new TextEncoder().encode("{}"));
  const files = await Promise.all(
    (spec.files ?? ["hello\n"]).map((text) => memoryBlob(new TextEncoder().encode(text))),
  );
  const root = await buildDocument(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: spec.artifactType ?? "application/vnd.example.thing",
    config: { mediaType: spec.configType ?? OCI_EMPTY, digest: empty.digest, size: empty.size },
    layers: files.map(({ digest, size }) => ({ mediaType: "text/plain", digest, size })),
    ...(spec.subject && { subject: describe(spec.subject) }),
  });
  return { root, documents: [root], blobs: [empty, ...files] };
}
