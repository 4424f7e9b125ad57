/**
 * A program for `bare_loop.ts`: pulls one image in the barest way that keeps the store's promises.
 *
 * ```sh
 * deno run -A program.ts THREADS 127.0.0.1:5000/bench/a:1 FOLDER [CA_FILE]
 * ```
 *
 * @module
 */
import { type Blob, bringBlobs, type Share } from "./blobs.ts";
import { type Server, Wire } from "./wire.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** As many as dray has for large blobs, and for others. */
const LANES = { large: 4, small: 24 };
const LARGE_BYTES = 8 * 1024 * 1024;

async function pull(threads: number, reference: string, folder: string, caFile?: string): Promise<void> {
  const [host = "", ...rest] = reference.split("/");
  const [repository = "", tag = ""] = rest.join("/").split(":");
  for (const path of [folder, `${folder}/ingest`, `${folder}/blobs`]) {
    Deno.mkdirSync(path, { recursive: true });
  }
  const helpers = Array.from({ length: threads - 1 }, () => new Helper());
  const server: Server = { host, caCerts: caFile === undefined ? [] : [Deno.readTextFileSync(caFile)] };
  const wire = await Wire.open(server);
  const bytes = await wire.readWhole(await wire.get(`/v2/${repository}/manifests/${tag}`, MANIFEST));
  const { config, layers }: { config: Blob; layers: readonly Blob[] } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  const blobs = [config, ...layers];
  const lanes = layers.some(({ size }) => size > LARGE_BYTES) ? LANES.large : LANES.small;
  const share: Share = {
    server,
    repository,
    blobs,
    next: new Int32Array(new SharedArrayBuffer(4)),
    lanes: Math.ceil(Math.min(lanes, blobs.length) / threads),
    folder,
  };
  await Promise.all([bringBlobs(share), ...helpers.map((helper) => helper.run(share))]);
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
      this.#worker.onerror = (event) => reject(event.error);
    });
  }
}

if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<Share>) => void;
    postMessage(message: string): void;
  };
  scope.onmessage = async ({ data }) => {
    await bringBlobs(data);
    scope.postMessage("done");
  };
  scope.postMessage("ready");
} else {
  const [threads = "1", reference = "", folder = "", caFile] = Deno.args;
  await pull(Number(threads), reference, folder, caFile);
  // Connections that are still open would keep it.
  Deno.exit();
}
