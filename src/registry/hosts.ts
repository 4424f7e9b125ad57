/**
 * From the registry in a reference to the servers that may be asked.
 *
 * @module
 */
import { isLoopbackHost } from "./addresses.ts";
import type { RegistryHost } from "./http.ts";
import type { RegistrySettings } from "./settings.ts";
import type { TlsDirectory, TlsIdentity } from "./tls.ts";

/** Knows the servers of each registry, and the certificates for each server. */
export interface HostDirectory extends TlsDirectory {
  /**
   * The servers to ask for a registry's content, in order: mirrors first, the registry itself last.
   */
  hostsFor(registry: string): Promise<readonly RegistryHost[]>;
}

/** Where Docker Hub's API is; its name in references is only a name. */
const API_HOSTS: ReadonlyMap<string, string> = new Map([["docker.io", "registry-1.docker.io"]]);

const PULL_AND_RESOLVE: ReadonlySet<"pull" | "resolve"> = new Set(["pull", "resolve"]);

/** Makes the directory. Files are read when a registry is first asked for, and once. */
export function createHosts(settings: RegistrySettings): HostDirectory {
  return new Hosts(settings);
}

class Hosts implements HostDirectory {
  readonly #settings: RegistrySettings;

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  hostsFor(registry: string): Promise<readonly RegistryHost[]> {
    const scheme = this.#isPlain(registry) ? "http" : "https";
    return Promise.resolve([{
      registry,
      base: new URL(`${scheme}://${API_HOSTS.get(registry) ?? registry}/v2/`),
      capabilities: PULL_AND_RESOLVE,
      isMirror: false,
      headers: {},
    }]);
  }

  tlsFor(_url: URL): Promise<TlsIdentity> {
    return Promise.resolve({ caCerts: this.#settings.caCerts ?? [] });
  }

  #isPlain(registry: string): boolean {
    if (this.#settings.plainHttp === true) return true;
    return isLoopbackHost(registry) && (this.#settings.caCerts ?? []).length === 0;
  }
}
