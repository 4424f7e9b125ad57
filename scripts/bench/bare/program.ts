/**
 * A program for `bare_loop.ts`: pulls one image in the barest way that keeps the store's promises. Without arguments it
 * only loads itself.
 *
 * ```sh
 * deno run -A program.ts THREADS 127.0.0.1:5000/bench/a:1 FOLDER [CA_FILE]
 * ```
 *
 * @module
 */
import { type Blob, bringBlobs, type Share } from "./blobs.ts";
import { type Host, Wire } from "./wire.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** As many as dray has for large blobs, and for others. */
const LANES = { large: 4, small: 24 };
const LARGE_BYTES = 8 * 1024 * 1024;
/** Opened while the manifest is on its way, as dray does it. */
const WARM = 4;

async function pull(threads: number, reference: string, folder: string, caFile?: string): Promise<void> {
  const [name = "", ...rest] = reference.split("/");
  const [repository = "", tag = ""] = rest.join("/").split(":");
  const helpers = Array.from({ length: threads - 1 }, () => new Helper());
  const host: Host = { name, caCerts: caFile === undefined ? [] : [Deno.readTextFileSync(caFile)] };
  const wires = Array.from({ length: WARM }, () => Wire.open(host));
  for (const path of [folder, `${folder}/ingest`, `${folder}/blobs`]) {
    Deno.mkdirSync(path, { recursive: true });
  }
  const first = await Wire.open(host);
  const bytes = new Uint8Array(await first.get(`/v2/${repository}/manifests/${tag}`, MANIFEST));
  await first.fill(bytes);
  const { config, layers }: { config: Blob; layers: readonly Blob[] } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  const blobs = [config, ...layers];
  const lanes = layers.some(({ size }) => size > LARGE_BYTES) ? LANES.large : LANES.small;
  const share: Share = {
    host,
    repository,
    blobs,
    next: new Int32Array(new SharedArrayBuffer(4)),
    lanes: Math.ceil(Math.min(lanes, blobs.length) / threads),
    folder,
  };
  const own = bringBlobs(share, [Promise.resolve(first), ...wires]);
  await Promise.all([own, ...helpers.map((helper) => helper.run(share))]);
  await writeIndex(`${folder}/index.json`, bytes);
}

/** What makes the image be there: here the manifest itself. */
async function writeIndex(path: string, bytes: Uint8Array): Promise<void> {
  using file = Deno.openSync(`${path}.new`, { write: true, create: true });
  file.writeSync(bytes);
  await file.syncData();
  Deno.renameSync(`${path}.new`, path);
  using folder = Deno.openSync(path.slice(0, path.lastIndexOf("/")));
  await folder.sync();
}

/** A thread that runs this file. */
class Helper {
  readonly #worker = new Worker(import.meta.url, { type: "module" });
  readonly #ready: Promise<unknown> = this.#hear();

  async run(share: Share): Promise<void> {
    await this.#ready;
    const done = this.#hear();
    this.#worker.postMessage(share);
    await done;
  }

  #hear(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = resolve;
      this.#worker.onerror = (event) => reject(new Error(event.message));
    });
  }
}

if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<Share>) => void;
    postMessage(message: string): void;
  };
  scope.onmessage = async ({ data }) => {
    await bringBlobs(data, []);
    scope.postMessage("done");
  };
  scope.postMessage("ready");
} else {
  const [threads, reference = "", folder = "", caFile] = Deno.args;
  if (threads !== undefined) await pull(Number(threads), reference, folder, caFile);
  // Connections that are still open would keep it.
  Deno.exit();
}
