/**
 * The program of `bare_loop.ts`: downloads one image with only the steps that the store's guarantees require. Without
 * arguments it only loads itself, which fills the runtime's code cache.
 *
 * ```sh
 * deno run -A scripts/bench/bare_loop/main.ts THREADS 127.0.0.1:5000/bench/a:1 DIRECTORY [CA_FILE]
 * ```
 *
 * The reference needs a port and a tag. With CA_FILE the registry must use TLS, otherwise plain HTTP.
 *
 * @module
 */
import { type Blob, fetchBlobs, type Job } from "./blobs.ts";
import { type Host, HttpConnection } from "./http_connection.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** Connections, as many as dray uses for large layers and for small ones. */
const CONNECTIONS = { large: 4, small: 24 };
const LARGE_BYTES = 8 * 1024 * 1024;
/** Connections to open while the manifest is being fetched, as dray does. */
const PRECONNECTIONS = 4;

async function pull(threads: number, reference: string, directory: string, caFile?: string): Promise<void> {
  const [name = "", ...rest] = reference.split("/");
  const [repository = "", tag = ""] = rest.join("/").split(":");
  const workers = Array.from({ length: threads - 1 }, () => new DownloadWorker());
  const host: Host = { name, caCerts: caFile === undefined ? [] : [Deno.readTextFileSync(caFile)] };
  const open = Array.from({ length: PRECONNECTIONS }, () => HttpConnection.open(host));
  for (const path of [directory, `${directory}/ingest`, `${directory}/blobs`]) {
    Deno.mkdirSync(path, { recursive: true });
  }
  const first = await HttpConnection.open(host);
  const bytes = new Uint8Array(await first.get(`/v2/${repository}/manifests/${tag}`, MANIFEST));
  await first.fill(bytes);
  const { config, layers }: { config: Blob; layers: readonly Blob[] } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  const blobs = [config, ...layers];
  const connections = layers.some(({ size }) => size > LARGE_BYTES) ? CONNECTIONS.large : CONNECTIONS.small;
  const job: Job = {
    host,
    repository,
    blobs,
    next: new Int32Array(new SharedArrayBuffer(4)),
    connections: Math.ceil(Math.min(connections, blobs.length) / threads),
    directory,
  };
  const downloads = fetchBlobs(job, [Promise.resolve(first), ...open]);
  await Promise.all([downloads, ...workers.map((worker) => worker.run(job))]);
  await writeIndex(`${directory}/index.json`, bytes);
}

/** Writes the manifest as the index. Like the store's index, it is written last and synced. */
async function writeIndex(path: string, bytes: Uint8Array): Promise<void> {
  using file = Deno.openSync(`${path}.new`, { write: true, create: true });
  file.writeSync(bytes);
  await file.syncData();
  Deno.renameSync(`${path}.new`, path);
  using directory = Deno.openSync(path.slice(0, path.lastIndexOf("/")));
  await directory.sync();
}

/** A worker thread that runs this file. */
class DownloadWorker {
  readonly #worker = new Worker(import.meta.url, { type: "module" });
  readonly #ready: Promise<unknown> = this.#nextMessage();

  async run(job: Job): Promise<void> {
    await this.#ready;
    const done = this.#nextMessage();
    this.#worker.postMessage(job);
    await done;
  }

  #nextMessage(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = resolve;
      this.#worker.onerror = (event) => reject(new Error(event.message));
    });
  }
}

if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<Job>) => void;
    postMessage(message: string): void;
  };
  scope.onmessage = async ({ data }) => {
    await fetchBlobs(data, []);
    scope.postMessage("done");
  };
  scope.postMessage("ready");
} else {
  const [threads, reference = "", directory = "", caFile] = Deno.args;
  if (threads !== undefined) await pull(Number(threads), reference, directory, caFile);
  // Open connections would keep the process alive.
  Deno.exit();
}
