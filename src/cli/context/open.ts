/**
 * Opens the image service and registries with the settings of a command line.
 *
 * @module
 */
import { AppError, messageOf } from "../../base/errors.ts";
import { NO_WORKERS, workersOf } from "../../base/concurrency/worker.ts";
import type { InitialPull, OpenServiceOptions } from "../../image/open.ts";
import type { RegistrySettings } from "../../image/registry.ts";
import type { ImageService } from "../../image/service.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CONNECTION_OPTIONS } from "../table/shared.ts";
import type { Input, Positionals } from "../table/types.ts";
import type { Context } from "./context.ts";
import { storedCredentials } from "./credentials.ts";
import { storeRootOf } from "./environment.ts";

/** Values of the options for how registries are reached. */
export type ConnectionValues = Input<Positionals, typeof CONNECTION_OPTIONS>["options"];

/**
 * Opens the image service on the store, without registries. For `read`, a missing directory is an empty
 * store.
 */
export async function openLocal(context: Context, mode: "read" | "write"): Promise<ImageService> {
  const { openImageService } = await import("../../image/open.ts");
  return await openImageService({ ...storeOf(context), mode });
}

/** Opens the image service on the store and the registries. The caller closes it. */
export async function openOnline(
  context: Context,
  options: ConnectionValues,
  mode: "read" | "write",
): Promise<ImageService> {
  const { openImageService } = await import("../../image/open.ts");
  return await openImageService({
    ...storeOf(context),
    mode,
    registry: await registrySettings(context, options),
  });
}

/** The store's directory, and how to start its worker threads. */
export function storeOf(
  { globals, environment, module }: Context,
): Pick<OpenServiceOptions, "root" | "startWorker"> {
  return {
    root: storeRootOf(globals.store, environment),
    startWorker: module === undefined ? NO_WORKERS : workersOf(module),
  };
}

/** Like {@linkcode openOnline}, and starts to resolve the first reference: see `openImageService`. */
export async function openPulling(
  context: Context,
  options: ConnectionValues,
  first: InitialPull,
): Promise<ImageService> {
  const { openImageService } = await import("../../image/open.ts");
  const registry = await registrySettings(context, options);
  return await openImageService({ ...storeOf(context), mode: "write", registry }, first);
}

/** Opens a registry client without a store. The caller closes it. */
export async function openClient(context: Context, options: ConnectionValues): Promise<Registry> {
  const { openRegistry } = await import("../../image/registry.ts");
  return openRegistry(await registrySettings(context, options));
}

/** How registries are reached. */
export async function registrySettings(
  { environment, messages }: Context,
  options: ConnectionValues,
): Promise<RegistrySettings> {
  const { VERSION } = await import("./version.ts");
  return {
    plainHttp: options["plain-http"],
    caCerts: await Promise.all(options["ca-file"].map(readCertificates)),
    certsDirs: [...options["certs-dir"], ...environment.certsDirs],
    proxies: environment.proxies,
    systemRoots: environment.systemRoots,
    credentials: storedCredentials(environment),
    userAgent: `dray/${VERSION}`,
    onWarning: (warning, host) => messages.warn(`host "${host}": ${warning}`),
  };
}

async function readCertificates(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new AppError("invalid_argument", `Cannot read --ca-file "${path}": ${messageOf(cause)}`, { cause });
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new AppError("invalid_argument", `Cannot read --ca-file "${path}": it contains no PEM certificate`);
}
