/**
 * Public registries whose token services and blob stores have other host names. A registry may change its
 * redirects at any time: this list is what is known, and `dray permissions --probe` asks the registry.
 *
 * A shared cloud domain (`*.amazonaws.com`, `storage.googleapis.com`) is not listed: anyone can rent a host
 * there, so a permission for it would restrict nothing.
 *
 * @module
 */
import { DOCKER_HUB } from "../../oci/docker_hub.ts";

/** The other hosts of a registry, as `--allow-net` items. */
export interface KnownHosts {
  readonly tokens: readonly string[];
  readonly blobs: readonly string[];
}

const KNOWN: Readonly<Record<string, KnownHosts>> = {
  [DOCKER_HUB]: known(["auth.docker.io"], [
    "production.cloudflare.docker.com",
    "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
  ]),
  "ghcr.io": known([], ["pkg-containers.githubusercontent.com"]),
  "quay.io": known([], ["*.quay.io"]),
  "mcr.microsoft.com": known([], ["*.data.mcr.microsoft.com"]),
};

/** The registries in the list. */
export const KNOWN_REGISTRIES: readonly string[] = Object.keys(KNOWN);

function known(tokens: readonly string[], blobs: readonly string[]): KnownHosts {
  const withPort = (host: string) => `${host}:443`;
  return { tokens: tokens.map(withPort), blobs: blobs.map(withPort) };
}

/** The known other hosts of a registry; undefined for a registry that isn't in the list. */
export function knownHostsOf(registry: string): KnownHosts | undefined {
  return Object.hasOwn(KNOWN, registry) ? KNOWN[registry] : undefined;
}
