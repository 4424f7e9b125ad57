/**
 * From a command line to the permissions that it needs and no more.
 *
 * @module
 */
import { type CredentialLocations, searchOrderOf } from "../../credentials/locations.ts";
import { SYSTEM_BUNDLES } from "../../http/tls/tls.ts";
import type { Context } from "../context.ts";
import { storeRootOf, VARIABLES } from "../environment.ts";
import { type ConnectionValues, locationsOf, registrySettings } from "../open.ts";
import { commandOf } from "../table.ts";
import type { Need } from "../table/types.ts";
import { certificateFiles, helperPrograms } from "./files.ts";
import { type Grants, joinGrants } from "./grants.ts";
import { hostsOfRegistry, proxyHosts } from "./hosts.ts";
import { needsOf } from "./kinds.ts";
import { probeHosts } from "./probe.ts";
import { directoryOf, socketGrants } from "./sockets.ts";
import { type ParsedLine, pathsOf, referencesOf, registryOf } from "./wanted.ts";

/** How to plan. */
export interface PlanOptions {
  /** Asks the registries where they send clients. */
  readonly probe: boolean;
  /** The only registries of a command that any could be asked by. */
  readonly registries: readonly string[];
  /** Whether the runtime wants the paths of Unix sockets among its hosts: Deno 2.9 does, and 2.6 can't read them. */
  readonly unixHosts: boolean;
}

type Part = Partial<Grants>;

/** Plans. What can't be known is said in the context's messages. @throws AppError as the command would */
export async function planGrants(line: ParsedLine, context: Context, options: PlanOptions): Promise<Grants> {
  const needs = needsOf(commandOf(line.command), line.input.options);
  const parts: Record<Need, () => Part | Promise<Part>> = {
    "store-read": () => ({ read: [storeRoot(context)] }),
    "store-write": () => ({ read: [storeRoot(context)], write: [storeRoot(context)] }),
    "disk-space": () => ({ sys: ["statfs"] }),
    "configuration": () => configuration(line, context),
    "registry": () => registries(line, context, options, needs.has("store-write")),
    "credentials": () => credentials(locationsFor(line, context), context),
    "credentials-write": () => credentialsWrite(context),
    "files-write": () => filesWrite(pathsOf(line).write),
    // The runtime makes no symbolic link under a scoped permission, and libc has no scope worth the name.
    "unpack": () => ({ read: "all", write: "all", ffi: "all", sys: ["gid", "uid"] }),
    "groups": () => ({ read: ["/etc/group"] }),
    "listen": () => socketGrants(line, options.unixHosts),
  };
  const planned = await Promise.all([...needs].map((need) => parts[need]()));
  return joinGrants(...planned, {
    read: pathsOf(line).read,
    env: variablesFor(needs, context),
    sys: systemFor(needs, context),
  });
}

function storeRoot({ globals, environment }: Context): string {
  return storeRootOf(globals.store, environment);
}

/** Variables that are set and make a difference. */
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

/** Root has a store of its own, unless another one is named. */
function systemFor(needs: ReadonlySet<Need>, { globals, environment }: Context): readonly string[] {
  const isNamed = globals.store !== undefined || environment.variable("DRAY_STORE") !== undefined;
  return needs.has("store-read") && !isNamed && environment.isRoot ? ["uid"] : [];
}

/** The folders and files that say how registries are reached, and who asks. */
function configuration({ input }: ParsedLine, { environment }: Context): Part {
  const { "certs-dir": more = [] } = input.options as Partial<ConnectionValues>;
  const credentials = searchOrderOf(locationsOf(environment)).map(({ path }) => path);
  return { read: [...more, ...environment.certsDirs, ...credentials] };
}

async function registries(
  line: ParsedLine,
  context: Context,
  { probe, registries: only }: PlanOptions,
  blobs: boolean,
): Promise<Part> {
  const { messages, signal, environment } = context;
  const settings = await registrySettings(context, connectionOf(line));
  const { certsDirs = [] } = settings;
  const references = await referencesOf(line, context);
  const read = [...certsDirs, ...await systemBundle()];
  if (references === undefined && only.length === 0) {
    messages.warn(
      "any registry may be asked for, so any host is allowed: name those that may be with --registry",
    );
    return { read, net: "all" };
  }
  const net: string[] = [...proxyHosts(environment.proxies)];
  for (const registry of new Set(references?.map(registryOf) ?? only)) {
    const { hosts, maySendElsewhere } = await hostsOfRegistry(registry, settings, blobs);
    net.push(...hosts);
    read.push(...await certificateFiles(registry, certsDirs, (problem) => messages.warn(problem)));
    if (maySendElsewhere && !probe) {
      messages.info(
        `Nothing is known of hosts that "${registry}" sends its clients to for tokens or layers: --probe asks it`,
      );
    }
  }
  if (probe) {
    for (const reference of references ?? []) net.push(...await probeHosts(reference, settings, signal));
  }
  return { read, net };
}

/** The system's own authorities: the first bundle that is there. */
async function systemBundle(): Promise<readonly string[]> {
  for (const path of SYSTEM_BUNDLES) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return [path];
  }
  return [];
}

/** Options of a command that has them, or what they are without. */
function connectionOf({ input }: ParsedLine): ConnectionValues {
  return { "plain-http": false, "ca-file": [], "certs-dir": [], ...input.options } as ConnectionValues;
}

/** A server asks nothing but the file that it was given. */
function locationsFor({ command, input }: ParsedLine, { environment }: Context): CredentialLocations {
  if (command !== "serve") return locationsOf(environment);
  const path = input.options["auth-file"];
  return { authFiles: path === undefined ? [] : [{ path: String(path), named: true }] };
}

async function credentials(locations: CredentialLocations, { messages }: Context): Promise<Part> {
  const run = await helperPrograms(locations, (problem) => messages.warn(problem));
  return { read: searchOrderOf(locations).map(({ path }) => path), run };
}

/** The file is replaced by a new one beside it. */
function credentialsWrite({ environment }: Context): Part {
  const path = locationsOf(environment).dockerConfig?.path;
  if (path === undefined) return {};
  const folder = [directoryOf(path)];
  return { read: folder, write: folder };
}

/** A file is written beside its place first. */
function filesWrite(paths: readonly string[]): Part {
  const folders = paths.map(directoryOf);
  return { read: folders, write: folders };
}
