/**
 * From the registry in a reference to the servers that may be asked, and to the certificates for each.
 *
 * @module
 */
import { isMissing } from "../base/os_errors.ts";
import { isLoopbackHost } from "../http/network/addresses.ts";
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
import type { HostSettings } from "./settings.ts";
import type { TlsIdentity, TlsIdentitySource } from "../http/tls/tls.ts";

/** Knows the servers of each registry, and the certificates for each server. */
export interface HostConfiguration extends HostSource, TlsIdentitySource {}

/** Where Docker Hub's API is; its name in references is only a name. */
const API_HOSTS: ReadonlyMap<string, string> = new Map([["docker.io", "registry-1.docker.io"]]);

const PULL_AND_RESOLVE: ReadonlySet<"pull" | "resolve"> = new Set(["pull", "resolve"]);
const NOTHING: TlsIdentity = { caCerts: [] };

/** Makes the directory. Files are read when a registry is first asked for, and then once more only after a failure. */
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
    return remember(this.#hosts, registry, () => this.#load(registry));
  }

  tlsFor(url: URL): Promise<TlsIdentity> {
    return remember(
      this.#identities,
      url.origin,
      async () => this.#complete(await findCerts(thoseThere(this.#dirs), [url.host])),
    );
  }

  async #load(registry: string): Promise<readonly RegistryHost[]> {
    const apiHost = API_HOSTS.get(registry) ?? registry;
    const dirs = thoseThere(this.#dirs);
    const certs = await findCerts(dirs, [registry, apiHost]);
    const { file, isDefault } = await findHostsFile(dirs, registry);
    // Certificates say that it speaks TLS, and so does the user who brought an authority.
    const isTls = certs !== undefined || this.#caCerts.length > 0;
    const scheme = this.#isPlain || (isLoopbackHost(registry) && !isTls) ? "http" : "https";
    const home = new URL(`${scheme}://${apiHost}/v2/`);
    const own = file?.server ?? { base: home, capabilities: PULL_AND_RESOLVE, headers: {}, ca: [] };
    atApiHost(own.base);
    // A server that stands for all registries is the home of none, and gets the credentials of none.
    const isOwnMirror = isDefault && own.base.origin !== home.origin;
    const identity = certs ?? await findCerts(dirs, [DEFAULT_DIRECTORY]);
    const hosts: RegistryHost[] = [];
    for (const mirror of file?.mirrors ?? []) {
      const isMirror = isOwnMirror || mirror.base.origin !== own.base.origin;
      await this.#register(mirror, isMirror ? undefined : identity, dirs);
      hosts.push(hostOf(registry, mirror, isMirror));
    }
    await this.#register(own, isOwnMirror ? undefined : identity, dirs);
    const isListed = hosts.some(({ base, capabilities }) =>
      base.href === own.base.href && own.capabilities.isSubsetOf(capabilities)
    );
    if (!isListed && own.capabilities.size > 0) {
      const host = hostOf(registry, own, isOwnMirror);
      const isPlainChosen = file?.server?.base.protocol === "http:" && !isOwnMirror;
      hosts.push(isPlainChosen ? { ...host, isPlainChosen } : host);
    }
    return hosts;
  }

  /** Keeps the certificates of a server for the connections to it. */
  async #register(
    host: ConfiguredHost,
    certs: TlsIdentity | undefined,
    dirs: readonly string[],
  ): Promise<void> {
    const { origin } = host.base;
    const known = await this.#identities.get(origin) ?? await findCerts(dirs, [host.base.host]) ?? NOTHING;
    const ca = await Promise.all(host.ca.map(readAuthorities));
    const caCerts = [...new Set([...ca, ...(certs?.caCerts ?? []), ...known.caCerts])];
    const read = host.client && await readPair(host.client.cert, host.client.key);
    const client = read ?? certs?.client ?? known.client;
    const identity = this.#complete(client === undefined ? { caCerts } : { caCerts, client });
    this.#identities.set(origin, Promise.resolve(identity));
  }

  #complete(identity: TlsIdentity | undefined): TlsIdentity {
    const { caCerts, ...rest } = identity ?? NOTHING;
    return { ...rest, caCerts: [...new Set([...this.#caCerts, ...caCerts])] };
  }
}

/**
 * The folders of `dirs` that are there: mostly none, and then there is nothing to look for below them, name by name,
 * while the first request waits.
 */
function thoseThere(dirs: readonly string[]): readonly string[] {
  return dirs.filter((dir) => {
    try {
      Deno.statSync(dir);
      return true;
    } catch (error) {
      // What may not be looked at is for those to tell of who read below it.
      return !isMissing(error);
    }
  });
}

/** The first folder of one of the names that holds certificates. */
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

/** The first `hosts.toml`: a folder without one doesn't hide that of `_default`. */
async function findHostsFile(
  dirs: readonly string[],
  registry: string,
): Promise<{ readonly file?: HostsFile; readonly isDefault: boolean }> {
  for (const name of [...directoryNames(registry), DEFAULT_DIRECTORY]) {
    for (const dir of dirs) {
      const path = `${dir}/${name}/hosts.toml`;
      const text = await readIfThere(path);
      if (text === undefined) continue;
      return { file: await parseHostsFile(text, path), isDefault: name === DEFAULT_DIRECTORY };
    }
  }
  return { isDefault: false };
}

/** `server = "https://docker.io"` is in many files. */
function atApiHost(base: URL): void {
  const api = API_HOSTS.get(base.hostname);
  if (api !== undefined) base.hostname = api;
}

function hostOf(registry: string, host: ConfiguredHost, isMirror: boolean): RegistryHost {
  const { base, capabilities, headers } = host;
  return { registry, base, capabilities, isMirror, headers };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
}

/** What was made for a key, or makes it; a failure is kept for nobody. */
function remember<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  made.catch(() => {
    if (map.get(key) === made) map.delete(key);
  });
  return made;
}
