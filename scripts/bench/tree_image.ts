/**
 * Builds an image of this machine's `/usr`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import type { Distribution } from "../../tests/real/distribution.ts";
import type { Scale } from "./workloads.ts";

/** The approximate size of the files in the image. */
export const TREE_BYTES: Readonly<Record<Scale, number>> = { full: 500_000_000, quick: 5_000_000 };
/** Fractions of the files per layer. As in real images, one layer has most of the bytes. */
const SHARES = [0.55, 0.25, 0.15, 0.05];

/** The compression of layers. */
export type Compression = "gzip" | "zstd";

/** A layer in a registry. */
export interface Layer {
  readonly digest: string;
  /** Compressed, in bytes. */
  readonly size: number;
}

interface TreeLayer extends Layer {
  readonly diffId: string;
}

/**
 * Builds an image of files of this machine and pushes it.
 *
 * @param directory for temporary files; it is removed
 * @returns the path and tag of the image, and its layers
 */
export async function pushTree(
  registry: Distribution,
  compression: Compression,
  scale: Scale,
  directory: string,
): Promise<{ readonly path: string; readonly layers: readonly Layer[] }> {
  await Deno.mkdir(directory, { recursive: true });
  const lists = await fileLists(TREE_BYTES[scale], directory);
  const base = `${registry.origin}/v2/bench/e-${compression}`;
  const layers: TreeLayer[] = [];
  for (const list of lists) {
    const tar = `${directory}/layer.tar`;
    await shell(`tar --sort=name --numeric-owner -C / -cf '${tar}' --no-recursion -T '${list}'`);
    const diffId = await digestOf(tar);
    const compressed = `${directory}/layer.compressed`;
    const compressor = compression === "gzip" ? createGzip({ level: 6 }) : createZstdCompress();
    await pipeline(createReadStream(tar), compressor, createWriteStream(compressed));
    const digest = await digestOf(compressed);
    const { size } = await Deno.stat(compressed);
    await pushBlob(base, digest, (await Deno.open(compressed)).readable);
    layers.push({ digest, size, diffId });
  }
  const config = new TextEncoder().encode(JSON.stringify({
    architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  }));
  const configDigest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
  await pushBlob(base, configDigest, new Blob([config]).stream());
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: configDigest,
      size: config.length,
    },
    layers: layers.map(({ digest, size }) => ({
      mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`,
      digest,
      size,
    })),
  };
  const response = await fetch(`${base}/manifests/1`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: JSON.stringify(manifest),
  });
  if (!response.ok) throw new Error(`${response.url} returned ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
  await Deno.remove(directory, { recursive: true });
  return { path: `bench/e-${compression}:1`, layers };
}

/** Writes one list of paths of /usr per layer, and returns the files. A directory precedes its contents. */
async function fileLists(bytes: number, directory: string): Promise<readonly string[]> {
  const found = await output(
    `find /usr -xdev \\( -type f -o -type l -o -type d \\) -size -40000k -printf '%s %p\\n' | sort -k2`,
  );
  const entries = found.split("\n").filter((line) => line !== "").map((line) => {
    const at = line.indexOf(" ");
    return { size: Number(line.slice(0, at)), path: line.slice(at + 2) };
  });
  const lists: string[] = [];
  let i = 0;
  for (const [position, share] of SHARES.entries()) {
    const paths: string[] = [];
    for (let left = bytes * share; left > 0 && i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined) break;
      left -= entry.size;
      paths.push(entry.path);
    }
    const list = `${directory}/list-${position}`;
    await Deno.writeTextFile(list, paths.join("\n"));
    lists.push(list);
  }
  return lists;
}

async function pushBlob(base: string, digest: string, body: ReadableStream<Uint8Array>): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
  await begun.body?.cancel();
  const location = new URL(begun.headers.get("location") ?? "", base);
  location.searchParams.set("digest", digest);
  const put = await fetch(location, { method: "PUT", body: body as ReadableStream<Uint8Array<ArrayBuffer>> });
  const text = await put.text();
  if (put.status !== 201) throw new Error(`${put.url} returned ${put.status}: ${text}`);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

async function shell(script: string): Promise<void> {
  await output(script);
}

async function output(script: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("bash", { args: ["-euc", script] }).output();
  if (!success) throw new Error(`${script}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
