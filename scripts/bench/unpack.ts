/**
 * A real file system: pulled and unpacked, with gzip and zstd.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import type { Distribution } from "../../tests/real/distribution.ts";
import { findTool } from "../../tests/real/tools.ts";
import { measure } from "./measure.ts";
import type { Contender, Pull } from "./tools.ts";

/** Of this machine's own system, about so many bytes go into the image. */
const TREE_BYTES = 500 * 1024 * 1024;
const TREE_BYTES_QUICK = 5 * 1024 * 1024;
/** Layers of real images differ in size; the large one decides. */
const SHARES = [0.55, 0.25, 0.15, 0.05];

/** How layers are packed. */
export type Packing = "gzip" | "zstd";

interface Layer {
  readonly digest: string;
  readonly size: number;
  readonly diffId: string;
}

/** Makes an image of files of this machine, pushes it, and gives its path and tag below the host. */
export async function pushTree(
  registry: Distribution,
  packing: Packing,
  scale: "full" | "quick",
  folder: string,
): Promise<{ readonly path: string; readonly layers: readonly Layer[] }> {
  await Deno.mkdir(folder, { recursive: true });
  const lists = await fileLists(scale === "full" ? TREE_BYTES : TREE_BYTES_QUICK, folder);
  const base = `${registry.origin}/v2/bench/e-${packing}`;
  const layers: Layer[] = [];
  for (const list of lists) {
    const tar = `${folder}/layer.tar`;
    await shell(`tar --sort=name --numeric-owner -C / -cf '${tar}' --no-recursion -T '${list}'`);
    const diffId = await digestOf(tar);
    const packed = `${folder}/layer.packed`;
    const packer = packing === "gzip" ? createGzip({ level: 6 }) : createZstdCompress();
    await pipeline(createReadStream(tar), packer, createWriteStream(packed));
    const digest = await digestOf(packed);
    const { size } = await Deno.stat(packed);
    await pushBlob(base, digest, (await Deno.open(packed)).readable);
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
      mediaType: `application/vnd.oci.image.layer.v1.tar+${packing}`,
      digest,
      size,
    })),
  };
  const answer = await fetch(`${base}/manifests/1`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: JSON.stringify(manifest),
  });
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
  await Deno.remove(folder, { recursive: true });
  return { path: `bench/e-${packing}:1`, layers };
}

/** `curl | tar`, one layer after the other: no check of any digest, no sync. */
export function curlTar(layers: readonly Layer[], packing: Packing): Contender {
  const missing = findTool("curl") === undefined
    ? "curl is missing"
    : packing === "zstd" && findTool("zstd") === undefined
    ? "zstd is missing: apt-get install zstd"
    : undefined;
  return {
    name: "curl and tar",
    missing,
    pull({ reference, folder }: Pull) {
      const [host = "", ...rest] = reference.split("/");
      const repository = rest.join("/").split(":")[0];
      const option = packing === "gzip" ? "-xzf" : "--zstd -xf";
      const lines = layers.map(({ digest }) =>
        `curl -sf http://${host}/v2/${repository}/blobs/${digest} | tar -C '${folder}/root' --numeric-owner -p ${option} -`
      );
      const script = [`mkdir -p '${folder}/root'`, ...lines].join("\n");
      return measure({ program: "bash", args: ["-euo", "pipefail", "-c", script] });
    },
  };
}

/** Lists of paths of /usr, by their shares of the bytes. A directory comes before what is in it. */
async function fileLists(bytes: number, folder: string): Promise<readonly string[]> {
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
    const list = `${folder}/list-${position}`;
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
  if (put.status !== 201) throw new Error(`${put.url} answered ${put.status}: ${text}`);
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
