/**
 * `dray serve`
 *
 * @module
 */
import { ANONYMOUS, type CredentialSource } from "../../content/credential.ts";
import { fileCredentials } from "../../credentials/source.ts";
import { Observer } from "../../cri/observability/observer.ts";
import { openCriService } from "../../cri/service.ts";
import { runtimeTracer } from "../../cri/observability/trace.ts";
import { listenUnix, type UnixSocket } from "../../grpc/socket/unix_socket.ts";
import { openImageDeps } from "../../image/open.ts";
import type { Context } from "../context.ts";
import { registrySettings, storeOf } from "../open.ts";
import { parseHttpAddress } from "../serve/address.ts";
import { openServeLog } from "../serve/log.ts";
import { fullPath } from "../serve/path.ts";
import { findGroupId, parseMode } from "../serve/socket_options.ts";
import { DEFAULT_SOCKET, type SERVE, SERVICES } from "../table/serve.ts";
import type { InputOf } from "../table/types.ts";
import { usageError } from "../words.ts";

type ServeInput = InputOf<typeof SERVE>;
type ServeOptions = ServeInput["options"];

/** Serves until it is interrupted. */
export async function run({ args, options }: ServeInput, context: Context): Promise<void> {
  if (!(SERVICES as readonly string[]).includes(args.service)) {
    throw usageError("serve", `there is no service "${args.service}", want ${SERVICES.join(", ")}`);
  }
  const { io, environment, globals, signal } = context;
  using log = openServeLog({
    format: globals["log-format"],
    calls: options["log-calls"],
    write: (text) => io.stderr.write(text),
    date: () => new Date(),
  });
  const { VERSION } = await import("../version.ts");
  const { root: named, startWorker } = storeOf(context);
  const root = fullPath(named);
  const images = await openImageDeps({
    root,
    ...startWorker === undefined ? {} : { startWorker },
    registry: { ...await registrySettings(context, options), credentials: credentialsOf(options) },
  });
  const tracer = runtimeTracer(VERSION);
  if (tracer === undefined && environment.variable("OTEL_DENO") === "true") {
    log.warn("OTEL_DENO is set, but this program was compiled without it: there are no traces");
  }
  const service = await openCriService({
    images,
    // Clients look the path up in the list of mounts, which knows no links.
    root: await Deno.realPath(root),
    version: VERSION,
    pinned: options.pinned,
    unpack: options.unpack,
    runtimeHandlers: options["runtime-handler"],
    log,
    tracer,
  });
  const observer = new Observer({
    feed: service.feed,
    metrics: () => service.metrics(),
    onProblem: (error) => log.error("A connection to the HTTP side can't be taken", error),
  });
  const sockets: UnixSocket[] = [];
  try {
    const path = fullPath(options.socket ?? DEFAULT_SOCKET);
    const socket = await listenOn(path, options);
    sockets.push(socket);
    const serving = [service.server.serve(socket.listener)];
    if (options.http !== undefined) {
      serving.push(observer.serve(await listenHttp(options.http, options, sockets)));
    }
    log.info("serving", {
      socket: path,
      store: root,
      ...(options.http === undefined ? {} : { http: options.http }),
    });
    await interrupted(signal);
    log.info("closing", { activeCalls: service.server.activeCalls, graceSeconds: options.grace });
    const end = await service.close(options.grace * 1000);
    await observer.close();
    await Promise.all(serving);
    log.info("closed", { calls: end });
  } catch (error) {
    await service.close(0);
    await observer.close();
    throw error;
  } finally {
    for (const socket of sockets) socket.unlink();
    images.close();
  }
}

/** Nothing but what the operator names: a server must not act with the credentials of whoever started it. */
function credentialsOf(options: ServeOptions): CredentialSource {
  const path = options["auth-file"];
  return path === undefined ? ANONYMOUS : fileCredentials({ authFiles: [{ path, named: true }] });
}

async function listenOn(path: string, options: ServeOptions): Promise<UnixSocket> {
  await makeParent(path);
  const mode = options["socket-mode"];
  const group = options["socket-group"];
  return await listenUnix({
    path,
    ...(mode === undefined ? {} : { mode: parseMode(mode) }),
    ...(group === undefined ? {} : { groupId: await findGroupId(group) }),
  });
}

async function listenHttp(
  text: string,
  options: ServeOptions,
  sockets: UnixSocket[],
): Promise<Deno.Listener> {
  const address = parseHttpAddress(text, "--http");
  if (address.transport === "tcp") return Deno.listen(address);
  const socket = await listenOn(fullPath(address.path), options);
  sockets.push(socket);
  return socket.listener;
}

/** `/run` is empty after each start of the machine. A folder that is there needs no permission of ours. */
async function makeParent(path: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  try {
    if (folder !== "") await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
