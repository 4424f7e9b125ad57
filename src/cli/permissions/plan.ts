/**
 * Computes the exact permissions that a command line needs.
 *
 * @module
 */
import { type CredentialLocations, searchOrderOf } from "../../credentials/locations.ts";
import { SYSTEM_BUNDLES } from "../../http/tls/tls.ts";
import type { Context } from "../context/context.ts";
import { storeRootOf, VARIABLES } from "../context/environment.ts";
import { locationsOf } from "../context/credentials.ts";
import { type ConnectionValues, registrySettings } from "../context/open.ts";
import type { ParsedLine } from "../table/parse.ts";
import type { Need } from "../table/types.ts";
import { certificateFiles, helperPrograms } from "./files.ts";
import { type Grants, joinGrants } from "./grants.ts";
import { hostsOfRegistry, proxyHosts } from "./hosts.ts";
import { needsOf } from "./kinds.ts";
import { probeHosts } from "./probe.ts";
import { directoryOf, socketGrants } from "./sockets.ts";
import { pathsOf, referencesOf, registryOf } from "./targets.ts";

/** Options of {@linkcode planGrants}. */
export interface PlanOptions {
  /** Ask the registries which other hosts they use. */
  readonly probe: boolean;
  /** The only registries that a server may contact. */
  readonly registries: readonly string[];
  /**
   * Whether net permission must list the paths of Unix sockets: Deno 2.9 requires it, and 2.6 can't parse
   * them.
   */
  readonly unixHosts: boolean;
}

type PartialGrants = Partial<Grants>;

/**
 * Computes the permissions. Reports in the context's messages what can't be known. @throws AppError as the
 * command would
 */
export async function planGrants(line: ParsedLine, context: Context, options: PlanOptions): Promise<Grants> {
  const needs = needsOf(line.spec, line.input.options);
  const parts: Record<Need, () => PartialGrants | Promise<PartialGrants>> = {
    "store-read": () => ({ read: [storeRoot(context)] }),
    "store-write": () => ({ read: [storeRoot(context)], write: [storeRoot(context)] }),
    "disk-space": () => ({ sys: ["statfs"] }),
    "configuration": () => configuration(line, context),
    "registry": () => registries(line, context, options, needs.has("store-write")),
    "credentials": () => credentials(locationsFor(line, context), context),
    "credentials-write": () => credentialsWrite(context),
    "files-write": () => filesWrite(pathsOf(line).write),
    // The runtime creates no symbolic link under a scoped permission, and a scoped FFI permission for libc
    // restricts nothing.
    "unpack": () => ({ read: "all", write: "all", ffi: "all", sys: ["gid", "uid"] }),
    // Without these permissions, a repair only removes damaged layers; most stores have none.
    "unpack-again": () => ({}),
    "groups": () => ({ read: ["/etc/group"] }),
    "listen": () => socketGrants(line, options.unixHosts),
  };
  const planned = await Promise.all([...needs].map((need) => parts[need]()));
  return joinGrants(...planned, {
    read: pathsOf(line).read,
    env: variablesFor(needs, context),
    sys: systemAccessFor(needs),
  });
}

function storeRoot({ globals, environment }: Context): string {
  return storeRootOf(globals.store, environment);
}

/** Variables that are set and affect the command. */
function variablesFor(needs: ReadonlySet<Need>, { globals, environment }: Context): readonly string[] {
  const isStore = (needs.has("store-read") || needs.has("store-write")) && globals.store === undefined;
  const isRegistry = needs.has("registry") || needs.has("configuration");
  const isCredentials = needs.has("credentials") || needs.has("credentials-write") ||
    needs.has("configuration");
  const store = environment.variable("DRAY_STORE") === undefined ? VARIABLES.store : ["DRAY_STORE"];
  return [
    ...VARIABLES.terminal,
    ...(isStore ? store : []),
    ...(isRegistry ? VARIABLES.registry : []),
    ...(isCredentials ? VARIABLES.credentials : []),
    ...(needs.has("listen") ? VARIABLES.telemetry : []),
  ].filter((name) => environment.variable(name) !== undefined);
}

/** The uid determines the default store, and whose files can be trusted. */
function systemAccessFor(needs: ReadonlySet<Need>): readonly string[] {
  return needs.has("store-read") || needs.has("store-write") || needs.has("files-write") ||
      needs.has("credentials-write")
    ? ["uid"]
    : [];
}

/** The directories and files that configure registries and credentials. */
function configuration({ input }: ParsedLine, { environment }: Context): PartialGrants {
  const { "certs-dir": more = [] } = input.options as Partial<ConnectionValues>;
  const credentials = searchOrderOf(locationsOf(environment)).map(({ path }) => path);
  return { read: [...more, ...environment.certsDirs, ...credentials] };
}

async function registries(
  line: ParsedLine,
  context: Context,
  { probe, registries: allowed }: PlanOptions,
  blobs: boolean,
): Promise<PartialGrants> {
  const { messages, signal, environment } = context;
  const settings = await registrySettings(context, connectionOf(line));
  const { certsDirs = [] } = settings;
  const references = await referencesOf(line, context);
  const read = [...certsDirs, ...await systemRootFiles(environment)];
  if (references === undefined && allowed.length === 0) {
    messages.warn(
      "clients may name any registry, so any host is allowed; restrict the registries with --registry",
    );
    return { read, net: "all" };
  }
  const net: string[] = [...proxyHosts(environment.proxies)];
  for (const registry of new Set(references?.map(registryOf) ?? allowed)) {
    const { hosts, mayRedirect } = await hostsOfRegistry(registry, settings, blobs);
    net.push(...hosts);
    read.push(...await certificateFiles(registry, certsDirs, (problem) => messages.warn(problem)));
    if (mayRedirect && !probe) {
      messages.info(
        `Other hosts used by "${registry}" (tokens, layers) are unknown; use --probe to ask it`,
      );
    }
  }
  if (probe) {
    for (const reference of references ?? []) net.push(...await probeHosts(reference, settings, signal));
  }
  return { read, net };
}

/** The files and directories of the system's CA certificates: those of the variables, or the first bundle that exists. */
async function systemRootFiles({ systemRoots }: Context["environment"]): Promise<readonly string[]> {
  const { file, directories = [] } = systemRoots;
  return [...(file === undefined ? await systemBundle() : [file]), ...directories];
}

async function systemBundle(): Promise<readonly string[]> {
  for (const path of SYSTEM_BUNDLES) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return [path];
  }
  return [];
}

/** The connection options of a command, or their defaults. */
function connectionOf({ input }: ParsedLine): ConnectionValues {
  return { "plain-http": false, "ca-file": [], "certs-dir": [], ...input.options } as ConnectionValues;
}

/** A server reads only the credential file of its option. */
function locationsFor({ name, input }: ParsedLine, { environment }: Context): CredentialLocations {
  if (name !== "serve") return locationsOf(environment);
  const path = input.options["auth-file"];
  return { authFiles: path === undefined ? [] : [{ path: String(path), named: true }] };
}

async function credentials(locations: CredentialLocations, { messages }: Context): Promise<PartialGrants> {
  const run = await helperPrograms(locations, (problem) => messages.warn(problem));
  return { read: searchOrderOf(locations).map(({ path }) => path), run };
}

/** The file is replaced by renaming a temporary file in the same directory. */
function credentialsWrite({ environment }: Context): PartialGrants {
  const path = locationsOf(environment).dockerConfig?.path;
  if (path === undefined) return {};
  const directory = [directoryOf(path)];
  return { read: directory, write: directory };
}

/** A file is first written to a temporary file in the same directory. */
function filesWrite(paths: readonly string[]): PartialGrants {
  const directories = paths.map(directoryOf);
  return { read: directories, write: directories };
}
