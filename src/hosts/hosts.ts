/**
 * Finds the hosts of a registry, and the certificates for each host.
 *
 * @module
 */
import { isMissing } from "../base/system/os_errors.ts";
import { bareHost, isLoopbackHost } from "../http/network/addresses.ts";
import {
  DEFAULT_DIRECTORY,
  directoryNames,
  readAuthorities,
  readCertDirectory,
  readPair,
  unreadable,
} from "./certs.ts";
import { type ConfiguredHost, type HostsFile, parseHostsFile } from "./hosts_toml.ts";
import type { HostSource, RegistryHost } from "../content/registry_host.ts";
import { apiHostOf } from "../oci/docker_hub.ts";
import type { HostSettings } from "./settings.ts";
import { speaksTls } from "../http/tls/speaks_tls.ts";
import type { TlsIdentity, TlsIdentitySource } from "../http/tls/tls.ts";

/** The hosts of each registry and the certificates for each host. */
export interface HostConfiguration extends HostSource, TlsIdentitySource {}

const PULL_AND_RESOLVE: ReadonlySet<"pull" | "resolve"> = new Set(["pull", "resolve"]);
const HTTPS_PORT = 443;
const NO_CERTS: TlsIdentity = { caCerts: [] };

/** Creates a configuration. Files are read on the first lookup of a registry, and again only after an error. */
export function createHosts(settings: HostSettings): HostConfiguration {
  return new Hosts(settings);
}

class Hosts implements HostConfiguration {
  readonly #caCerts: readonly string[];
  readonly #isPlain: boolean;
  readonly #dirs: readonly string[];
  readonly #hosts = new Map<string, Promise<readonly RegistryHost[]>>();
  /** By origin. */
  readonly #identities = new Map<string, Promise<TlsIdentity>>();

  constructor(settings: HostSettings) {
    this.#caCerts = settings.caCerts ?? [];
    this.#isPlain = settings.plainHttp ?? false;
    this.#dirs = settings.certsDirs ?? [];
  }

  hostsFor(registry: string): Promise<readonly RegistryHost[]> {
    return memoize(this.#hosts, registry, () => this.#load(registry));
  }

  tlsFor(url: URL): Promise<TlsIdentity> {
    return memoize(
      this.#identities,
      url.origin,
      async () => this.#withSettings(await findCerts(existing(this.#dirs), [url.host])),
    );
  }

  async #load(registry: string): Promise<readonly RegistryHost[]> {
    const apiHost = apiHostOf(registry);
    const dirs = existing(this.#dirs);
    const certs = await findCerts(dirs, [registry, apiHost]);
    const { file, isDefault } = await findHostsFile(dirs, registry);
    // Configured certificates imply TLS, also for a loopback registry.
    const isTls = certs !== undefined || this.#caCerts.length > 0;
    const isUnknown = isLoopbackHost(registry) && !isTls && !this.#isPlain;
    const scheme = this.#isPlain || isUnknown ? "http" : "https";
    const defaultBase = new URL(`${scheme}://${apiHost}/v2/`);
    const server = file?.server ??
      { base: defaultBase, hasScheme: !isUnknown, capabilities: PULL_AND_RESOLVE, headers: {}, ca: [] };
    if (!this.#isPlain) {
      const isKnown = await Promise.all([server, ...file?.mirrors ?? []].map(useTlsIfSpoken));
      // A server that isn't running yet may use TLS later.
      if (isKnown.includes(false)) this.#hosts.delete(registry);
    }
    // `server = "https://docker.io"` is common, but that host has no API.
    server.base.hostname = apiHostOf(server.base.hostname);
    // A server that _default configures for all registries is a mirror, so it receives no credentials.
    const isServerMirror = isDefault && server.base.origin !== defaultBase.origin;
    const identity = certs ?? await findCerts(dirs, [DEFAULT_DIRECTORY]);
    const hosts: RegistryHost[] = [];
    for (const mirror of file?.mirrors ?? []) {
      const isMirror = isServerMirror || mirror.base.origin !== server.base.origin;
      await this.#register(mirror, isMirror ? undefined : identity, dirs);
      hosts.push(hostOf(registry, mirror, isMirror));
    }
    await this.#register(server, isServerMirror ? undefined : identity, dirs);
    const isListed = hosts.some(({ base, capabilities }) =>
      base.href === server.base.href && server.capabilities.isSubsetOf(capabilities)
    );
    if (!isListed && server.capabilities.size > 0) {
      const host = hostOf(registry, server, isServerMirror);
      const isPlainChosen = file?.server?.base.protocol === "http:" && !isServerMirror;
      hosts.push(isPlainChosen ? { ...host, isPlainChosen } : host);
    }
    return hosts;
  }

  /** Records the certificates for connections to a host. */
  async #register(
    host: ConfiguredHost,
    certs: TlsIdentity | undefined,
    dirs: readonly string[],
  ): Promise<void> {
    const { origin } = host.base;
    const known = await this.#identities.get(origin) ?? await findCerts(dirs, [host.base.host]) ?? NO_CERTS;
    const ca = await Promise.all(host.ca.map(readAuthorities));
    const caCerts = [...new Set([...ca, ...(certs?.caCerts ?? []), ...known.caCerts])];
    const configured = host.client && await readPair(host.client.cert, host.client.key);
    const client = configured ?? certs?.client ?? known.client;
    const identity = this.#withSettings(client === undefined ? { caCerts } : { caCerts, client });
    this.#identities.set(origin, Promise.resolve(identity));
  }

  /** Adds the CAs of the settings. */
  #withSettings(identity: TlsIdentity | undefined): TlsIdentity {
    const { caCerts, ...rest } = identity ?? NO_CERTS;
    return { ...rest, caCerts: [...new Set([...this.#caCerts, ...caCerts])] };
  }
}

/**
 * Switches a loopback host without a configured scheme to https if its port uses TLS.
 *
 * @returns false if the host can't be reached
 */
async function useTlsIfSpoken({ base, hasScheme }: ConfiguredHost): Promise<boolean> {
  if (hasScheme || base.protocol !== "http:") return true;
  const { port } = base;
  const isTls = await speaksTls(bareHost(base.hostname), Number(port || HTTPS_PORT));
  // The setter drops a port that is the default of the new scheme, such as 443.
  if (isTls) base.protocol = "https:";
  return isTls !== undefined;
}

/**
 * Returns the existing directories of `dirs`. Usually none exists, and then the first request doesn't have to wait for
 * a lookup of each possible subdirectory.
 */
function existing(dirs: readonly string[]): readonly string[] {
  return dirs.filter((dir) => {
    try {
      Deno.statSync(dir);
      return true;
    } catch (error) {
      // The read of a file below an inaccessible directory reports the error.
      return !isMissing(error);
    }
  });
}

/** Reads the first subdirectory of `registries` that contains certificates. */
async function findCerts(
  dirs: readonly string[],
  registries: readonly string[],
): Promise<TlsIdentity | undefined> {
  for (const name of new Set(registries.flatMap(directoryNames))) {
    for (const dir of dirs) {
      const certs = await readCertDirectory(`${dir}/${name}`);
      if (certs !== undefined) return certs;
    }
  }
  return undefined;
}

/** Reads the first `hosts.toml`. A subdirectory without one doesn't hide the file of `_default`. */
async function findHostsFile(
  dirs: readonly string[],
  registry: string,
): Promise<{ readonly file?: HostsFile; readonly isDefault: boolean }> {
  for (const name of [...directoryNames(registry), DEFAULT_DIRECTORY]) {
    for (const dir of dirs) {
      const path = `${dir}/${name}/hosts.toml`;
      const text = await readIfExists(path);
      if (text === undefined) continue;
      return { file: await parseHostsFile(text, path), isDefault: name === DEFAULT_DIRECTORY };
    }
  }
  return { isDefault: false };
}

function hostOf(registry: string, host: ConfiguredHost, isMirror: boolean): RegistryHost {
  const { base, capabilities, headers } = host;
  // Parsed with the same scheme, so that a default port makes no difference.
  const isRenamed = !isMirror && base.host !== new URL(`${base.protocol}//${apiHostOf(registry)}`).host;
  return { registry, base, capabilities, isMirror, ...(isRenamed && { isRenamed }), headers };
}

async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

/** Returns the value of a key, or makes it once. Failures aren't cached. */
function memoize<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  made.catch(() => {
    if (map.get(key) === made) map.delete(key);
  });
  return made;
}
