/**
 * The hosts that a command connects to.
 *
 * @module
 */
import { createHosts } from "../../hosts/hosts.ts";
import { isLoopbackHost } from "../../http/network/addresses.ts";
import type { ProxySettings } from "../../http/network/proxies.ts";
import type { RegistrySettings } from "../../image/registry.ts";
import { knownHostsOf } from "./known_hosts.ts";

/** The host of a URL as an `--allow-net` item, always with its port. */
export function netHostOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || DEFAULT_PORTS[protocol] || "443"}`;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  "http:": "80",
  "socks5:": "1080",
  "socks5h:": "1080",
};

/** The hosts of a registry. */
export interface ReachableHosts {
  readonly hosts: readonly string[];
  /** Whether it may redirect clients to hosts that aren't listed. */
  readonly mayRedirect: boolean;
}

/**
 * The configured servers of a registry, mirrors first, and the hosts to which it is known to redirect
 * clients.
 *
 * @param blobs whether layers are downloaded
 * @throws AppError for a `hosts.toml` or a certificate that can't be used
 */
export async function hostsOfRegistry(
  registry: string,
  settings: RegistrySettings,
  blobs: boolean,
): Promise<ReachableHosts> {
  const servers = await createHosts(settings).hostsFor(registry);
  const known = knownHostsOf(registry);
  return {
    hosts: [
      ...servers.flatMap(({ base }) => {
        // A loopback host without a port may use TLS at port 443.
        const mayUseTls = base.protocol === "http:" && base.port === "" && isLoopbackHost(base.hostname);
        return mayUseTls ? [netHostOf(base), `${base.hostname}:443`] : [netHostOf(base)];
      }),
      ...known?.tokens ?? [],
      ...blobs ? known?.blobs ?? [] : [],
    ],
    mayRedirect: known === undefined,
  };
}

/** The hosts of the configured proxies. */
export function proxyHosts({ http, https }: ProxySettings): readonly string[] {
  return [http, https].flatMap((text) => {
    const url = text === undefined ? null : URL.parse(text.includes("://") ? text : `http://${text}`);
    return url === null ? [] : [netHostOf(url)];
  });
}
