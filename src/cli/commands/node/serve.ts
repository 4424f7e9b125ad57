/**
 * `dray serve`
 *
 * @module
 */
import { AppError, isCode, messageOf } from "../../../base/errors.ts";
import { ANONYMOUS, type CredentialSource } from "../../../content/credential.ts";
import { fileCredentials } from "../../../credentials/source.ts";
import { Observer } from "../../../cri/observability/observer.ts";
import { openCriService } from "../../../cri/service.ts";
import { runtimeTracer } from "../../../cri/observability/trace.ts";
import { listenUnix, type UnixSocket } from "../../../grpc/socket/unix_socket.ts";
import { openImageDeps } from "../../../image/open.ts";
import { collectionOptionsOf } from "../../context/collection.ts";
import type { Context } from "../../context/context.ts";
import { registrySettings, storeOf } from "../../context/open.ts";
import { openServeLog } from "../../serve/log.ts";
import {
  DEFAULT_SOCKET,
  findGroupId,
  parseHttpAddress,
  parseMode,
  SERVICES,
  toAbsolutePath,
} from "../../serve/sockets.ts";
import type { SERVE } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";
import { usageError } from "../../table/usage.ts";

type ServeInput = InputOf<typeof SERVE>;
type ServeOptions = ServeInput["options"];

/** Serves until it is interrupted. */
export async function run({ args, options }: ServeInput, context: Context): Promise<void> {
  if (!(SERVICES as readonly string[]).includes(args.service)) {
    throw usageError("serve", `unknown service "${args.service}"; available: ${SERVICES.join(", ")}`);
  }
  const { io, environment, globals, signal } = context;
  const collection = collectionOptionsOf("serve", options);
  using log = openServeLog({
    format: globals["log-format"],
    calls: options["log-calls"],
    write: (text) => io.stderr.write(text),
    date: () => new Date(),
  });
  const { VERSION } = await import("../../context/version.ts");
  const { root: path, startWorker } = storeOf(context);
  const root = toAbsolutePath(path);
  const images = await openImageDeps({
    root,
    ...startWorker === undefined ? {} : { startWorker },
    registry: {
      ...await registrySettings(context, options),
      credentials: credentialsOf(options),
      onWarning: (warning, host) => log.warn("A registry sent a warning", { host, warning }),
    },
  });
  const tracer = runtimeTracer(VERSION);
  if (tracer === undefined && environment.variable("OTEL_DENO") === "true") {
    log.warn("OTEL_DENO is set, but this binary was compiled without it, so it sends no traces");
  }
  const service = await openCriService({
    images,
    // Clients look up the path in the list of mounts, which contains no symbolic links.
    root: await Deno.realPath(root),
    version: VERSION,
    pinned: options.pinned,
    unpack: options.unpack,
    collection,
    runtimeHandlers: options["runtime-handler"],
    log,
    tracer,
  });
  const observer = new Observer({
    feed: service.feed,
    metrics: () => service.metrics(),
    onProblem: (error) => log.error("Cannot accept a connection to the HTTP address", error),
  });
  const sockets: UnixSocket[] = [];
  try {
    const path = toAbsolutePath(options.socket ?? DEFAULT_SOCKET);
    const socket = await listenOn(path, options);
    sockets.push(socket);
    const serving = [service.server.serve(socket.listener)];
    if (options.http !== undefined) {
      serving.push((await serveHttp(observer, options.http, options, sockets)).ended);
    }
    log.info("serving", {
      socket: path,
      store: root,
      ...(options.http === undefined ? {} : { http: options.http }),
    });
    await interrupted(signal);
    log.info("shutting down", { activeCalls: service.server.activeCalls, graceSeconds: options.grace });
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

/**
 * Only the file that the operator names: a server must not use the credentials of the user who started it.
 */
function credentialsOf(options: ServeOptions): CredentialSource {
  const path = options["auth-file"];
  if (path === undefined) return ANONYMOUS;
  const source = fileCredentials({ authFiles: [{ path, named: true }] });
  return {
    async findCredential(registry, repository, signal) {
      try {
        return await source.findCredential(registry, repository, signal);
      } catch (error) {
        if (!isCode(error, "invalid_content")) throw error;
        // Marks the error as one of the configuration, not of the image.
        throw new AppError("invalid_content", messageOf(error), { details: { configFile: path } });
      }
    },
  };
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

/** Listens before it returns; the promise inside lasts until the observer is closed. */
async function serveHttp(
  observer: Observer,
  text: string,
  options: ServeOptions,
  sockets: UnixSocket[],
): Promise<{ readonly ended: Promise<void> }> {
  const address = parseHttpAddress(text, "--http");
  if (address.transport === "tcp") {
    return { ended: observer.serve(Deno.listen(address), address.hostname) };
  }
  const socket = await listenOn(toAbsolutePath(address.path), options);
  sockets.push(socket);
  return { ended: observer.serve(socket.listener) };
}

/**
 * Creates the parent directory: `/run` is empty after each boot. Only its owner can write to it, whatever the umask,
 * because write access to it is enough to replace the socket. An existing directory needs no permission to create it.
 */
async function makeParent(path: string): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  try {
    if (directory !== "") await Deno.mkdir(directory, { recursive: true, mode: 0o755 });
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
