/**
 * Opening the store and the registries as the options and the environment say.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { NO_WORKERS, workersOf } from "../base/worker.ts";
import type { Credential, CredentialSource } from "../content/credential.ts";
import type { CredentialHelperOptions } from "../credentials/helper.ts";
import { type CredentialLocations, credentialLocations } from "../credentials/locations.ts";
import type { InitialPull, OpenServiceOptions } from "../image/open.ts";
import type { ImageService } from "../image/service.ts";
import type { Registry } from "../registry/registry.ts";
import type { RegistrySettings } from "../image/registry.ts";
import type { Context } from "./context.ts";
import { storeRootOf } from "./environment.ts";
import { ask, readPassword } from "./prompt.ts";
import type { CONNECTION_OPTIONS, REGISTRY_OPTIONS } from "./table/shared.ts";
import type { Input, Positionals } from "./table/types.ts";
import { usageError } from "./words.ts";
import type { CommandName } from "./table.ts";

/** Options of commands that reach registries. */
export type ConnectionValues = Input<Positionals, typeof CONNECTION_OPTIONS>["options"];
/** Options of commands that reach registries in somebody's name. */
export type RegistryValues = Input<Positionals, typeof REGISTRY_OPTIONS>["options"];

/** Opens the use-cases over the store alone. A folder that isn't there is an empty store for `read`. */
export async function openLocal(context: Context, mode: "read" | "write"): Promise<ImageService> {
  const { openImageService } = await import("../image/open.ts");
  return await openImageService({ ...storeOf(context), mode });
}

/** Opens the use-cases over the store and the registries. Close them. */
export async function openOnline(
  context: Context,
  options: ConnectionValues,
  mode: "read" | "write",
): Promise<ImageService> {
  const { openImageService } = await import("../image/open.ts");
  return await openImageService({
    ...storeOf(context),
    mode,
    registry: await registrySettings(context, options),
  });
}

/** Where the store is, and what helps it. */
export function storeOf(
  { globals, environment, module }: Context,
): Pick<OpenServiceOptions, "root" | "startWorker"> {
  return {
    root: storeRootOf(globals.store, environment),
    startWorker: module === undefined ? NO_WORKERS : workersOf(module),
  };
}

/** As {@linkcode openOnline}, for who pulls at once: see `openImageService`. */
export async function openPulling(
  context: Context,
  options: ConnectionValues,
  first: InitialPull,
): Promise<ImageService> {
  const { openImageService } = await import("../image/open.ts");
  const registry = await registrySettings(context, options);
  return await openImageService({ ...storeOf(context), mode: "write", registry }, first);
}

/** Opens a client of registries with no store beside it. Close it. */
export async function openClient(context: Context, options: ConnectionValues): Promise<Registry> {
  const { openRegistry } = await import("../image/registry.ts");
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
    credentials: storedCredentials(environment),
    userAgent: `dray/${VERSION}`,
    onWarning: (warning, host) => messages.warn(`host "${host}" says: ${warning}`),
  };
}

/** Where credentials are kept. */
export function locationsOf(environment: Context["environment"]): CredentialLocations {
  return credentialLocations(environment.variable, environment.home);
}

/** How helper programs are run: they reach out through the proxies that we do. */
export function helperOptions(environment: Context["environment"]): CredentialHelperOptions {
  return { env: environment.proxyVariables };
}

/** What looks for them is loaded when a registry asks: most pulls of public images come through without. */
function storedCredentials(environment: Context["environment"]): CredentialSource {
  const locations = locationsOf(environment);
  const options = helperOptions(environment);
  return {
    async findCredential(registry, repository, signal) {
      const { fileCredentials } = await import("../credentials/source.ts");
      return await fileCredentials(locations, options).findCredential(registry, repository, signal);
    },
  };
}

/**
 * The credential that `--username` and `--password-stdin` give, or undefined without them.
 *
 * @throws AppError `invalid_argument` for a password without a name
 */
export async function credentialFrom(
  command: CommandName,
  options: RegistryValues,
  { io, signal }: Context,
): Promise<Credential | undefined> {
  const { username } = options;
  if (username === undefined) {
    if (!options["password-stdin"]) return undefined;
    throw usageError(command, "--password-stdin stands alone, want --username NAME with it");
  }
  const password = options["password-stdin"]
    ? await readPassword(io)
    : await ask(io, "Password", "secret", signal);
  return { kind: "basic", username, password };
}

/** The credential for one registry and no other. */
export async function credentialsFor(
  reference: string,
  credential: Credential | undefined,
): Promise<CredentialSource | undefined> {
  if (credential === undefined) return undefined;
  const { fixedCredentials } = await import("../credentials/source.ts");
  const { parseReference } = await import("../oci/reference.ts");
  return fixedCredentials(parseReference(reference).registry, credential, "--username");
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
  throw new AppError("invalid_argument", `Cannot read --ca-file "${path}": it holds no PEM certificate`);
}
