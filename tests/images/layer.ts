/**
 * Layers of test images: real archives with real compression.
 *
 * @module
 */
import { concatBytes } from "../../src/base/bytes.ts";
import type { HashAlgorithm } from "../../src/base/hash.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import {
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
} from "../../src/oci/media_type.ts";
import { type ByteSource, memoryBlob, memorySource, sourceBlob, type TestBlob } from "./blob.ts";
import { compress, type Compression } from "./compress.ts";
import { compressibleBytes, endlessSource, randomBytes } from "./content.ts";
import { type TarEntry, tarSource } from "./tar.ts";

/** Options of a layer. */
export interface LayerSpec {
  /** Size in bytes of its only file, unless `entries` are given. @default {1000} */
  readonly size?: number;
  /**
   * Layers of equal size but different seeds have different content.
   *
   * @default from the image's seed and the position
   */
  readonly seed?: number;
  /** Whether the file is compressible text. @default {false} */
  readonly compressible?: boolean;
  /** @default {"gzip"} */
  readonly compression?: Compression;
  /** Entries, instead of a single file. */
  readonly entries?: readonly TarEntry[];
  /** A whole archive, instead of entries. */
  readonly archive?: Uint8Array;
  /** Generates the layer while it is read, without memory. It is an uncompressed tar. @default {false} */
  readonly lazy?: boolean;
  /** Makes it a foreign layer with these addresses, which the registry doesn't serve. */
  readonly foreignUrls?: readonly string[];
  /** Also embeds the bytes in the descriptor. @default {false} */
  readonly embed?: boolean;
  /** @default {"sha256"} */
  readonly algorithm?: HashAlgorithm;
  /** Replaces the default media type. */
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A layer and its metadata. */
export interface TestLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly blob: TestBlob;
  /** Whether only its `urls` serve the bytes. */
  readonly foreign: boolean;
}

/** Document formats. */
export type Format = "oci" | "docker";

const LAYER_TYPES: Readonly<Record<Format, Readonly<Record<Compression, string>>>> = {
  oci: { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: OCI_LAYER },
  // Docker has no media type for zstd; its tools use the OCI one.
  docker: { gzip: DOCKER_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: DOCKER_LAYER },
};
const FOREIGN_TYPES: Readonly<Record<Format, string>> = {
  oci: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  docker: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
};

/** Makes a layer. */
export async function buildLayer(spec: LayerSpec = {}, format: Format = "oci"): Promise<TestLayer> {
  const compression = spec.lazy ? "none" : spec.compression ?? "gzip";
  const tar = spec.archive ? memorySource(spec.archive) : tarSource(spec.entries ?? [oneFile(spec)]);
  const { blob, diffId } = spec.lazy ? await lazyBlob(tar, spec) : await packedBlob(tar, compression, spec);
  const foreign = spec.foreignUrls !== undefined;
  const mediaType = spec.mediaType ?? (foreign ? FOREIGN_TYPES[format] : LAYER_TYPES[format][compression]);
  const descriptor: Descriptor = {
    mediaType,
    digest: blob.digest,
    size: blob.size,
    ...(spec.foreignUrls && { urls: spec.foreignUrls }),
    ...(spec.annotations && { annotations: spec.annotations }),
    ...(spec.embed && { data: base64(concatBytes([...blob.read(0, blob.size)])) }),
  };
  return { descriptor, diffId, blob, foreign };
}

function oneFile({ size = 1000, seed = 1, compressible = false, lazy = false }: LayerSpec): TarEntry {
  const name = `data/file-${seed}.bin`;
  if (lazy) return { name, content: endlessSource(size, seed) };
  return { name, content: compressible ? compressibleBytes(size, seed) : randomBytes(size, seed) };
}

const lazyBlobs = new Map<string, Promise<TestBlob>>();

/** Hashing a gigabyte takes a second, so each such layer is hashed once per process. */
async function lazyBlob(tar: ByteSource, spec: LayerSpec): Promise<{ blob: TestBlob; diffId: Digest }> {
  const algorithm = spec.algorithm ?? "sha256";
  const make = () => sourceBlob(tar, algorithm);
  const key = `${algorithm} ${spec.size} ${spec.seed}`;
  let making = spec.entries || spec.archive ? make() : lazyBlobs.get(key);
  if (making === undefined) lazyBlobs.set(key, making = make());
  const blob = await making;
  return { blob, diffId: algorithm === "sha256" ? blob.digest : (await sourceBlob(tar)).digest };
}

async function packedBlob(
  tar: ByteSource,
  compression: Compression,
  spec: LayerSpec,
): Promise<{ blob: TestBlob; diffId: Digest }> {
  const plain = concatBytes([...tar.read(0, tar.size)]);
  const blob = await memoryBlob(await compress(plain, compression), spec.algorithm);
  return { blob, diffId: await digestOf(plain) };
}

/** Encodes bytes of any length in Base64. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
