/**
 * Helpers for tests of the CRI service with real clients: real registries with images, and the running
 * server.
 *
 * @module
 */
import { commandWords, type Sandbox, sandbox } from "../e2e/program.ts";
import { buildImage, buildIndex } from "../images/mod.ts";
import { startRegistry, type TestRegistry } from "../registry/mod.ts";
import { Server } from "./child.ts";
import { type Distribution, startDistribution } from "./distribution.ts";
import { pushTo } from "./push.ts";

/** Registries with the same images: one open, one with credentials, and a slow one with a large image. */
export interface CriRegistries extends AsyncDisposable {
  readonly open: Distribution;
  readonly closed: Distribution;
  readonly slow: TestRegistry;
}

/**
 * Starts the registries and pushes the images: `t/one:1`, `t/one:also`, `t/two:1`, `t/index:1`; `t/slow:1` is
 * slow.
 */
export async function startCriRegistries(): Promise<CriRegistries> {
  const stack = new AsyncDisposableStack();
  const storage = await Deno.makeTempDir({ prefix: "dray-cri-" });
  stack.defer(() => Deno.remove(storage, { recursive: true }));
  const open = stack.use(await startDistribution({ storage }));
  const one = await buildImage({
    runConfig: { User: "1002:users", Labels: { a: "b" } },
    manifest: { annotations: { "org.example.note": "yes" } },
  });
  await pushTo(open.origin, "t/one", "1", one);
  await pushTo(open.origin, "t/one", "also", one);
  await pushTo(
    open.origin,
    "t/two",
    "1",
    await buildImage({ seed: 2, runConfig: { User: "www-data:group" } }),
  );
  await pushTo(open.origin, "t/index", "1", await buildIndex({ platforms: ["linux/amd64", "linux/arm64"] }));
  const closed = stack.use(await startDistribution({ storage, auth: "basic" }));
  const slow = stack.use(await startRegistry({ bytesPerSecond: 200_000 }));
  slow.push("t/slow", "1", await buildImage({ seed: 3, layers: [{ size: 8_000_000 }] }));
  return { open, closed, slow, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A running `dray serve cri`. */
export interface Serving extends AsyncDisposable {
  readonly box: Sandbox;
  readonly socket: string;
  /** The socket of `/metrics` and `/progress`. */
  readonly http: string;
  readonly server: Server;
}

/** Starts `dray serve cri` in a new sandbox. */
export async function startServing(
  options: { readonly store?: string; readonly args?: readonly string[] } = {},
): Promise<Serving> {
  const stack = new AsyncDisposableStack();
  const box = stack.use(await sandbox(options.store === undefined ? {} : { store: options.store }));
  const [socket, http] = [`${box.directory}/dray.sock`, `${box.directory}/http.sock`];
  const [command, ...words] = commandWords();
  const args = ["serve", "cri", "--socket", socket, "--http", `unix:${http}`, "--store", box.store];
  const server = stack.use(new Server(command, [...words, ...args, ...options.args ?? []]));
  await server.until(/ INFO serving /);
  return { box, socket, http, server, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
