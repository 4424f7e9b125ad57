/**
 * Public registries whose token services and stores of blobs have other names than they have themselves. What a
 * registry redirects to is its own business and may change: this is what is known, `dray permissions --probe` finds out
 * what is true.
 *
 * A name of which anyone can rent a part (`*.amazonaws.com`, `storage.googleapis.com`) is not listed: a permission for
 * it keeps nothing in.
 *
 * @module
 */
import { DOCKER_HUB } from "../../oci/docker_hub.ts";

/** Where a registry sends its clients, as `--allow-net` takes it. */
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

/** The registries that are known. */
export const KNOWN_REGISTRIES: readonly string[] = Object.keys(KNOWN);

function known(tokens: readonly string[], blobs: readonly string[]): KnownHosts {
  const withPort = (host: string) => `${host}:443`;
  return { tokens: tokens.map(withPort), blobs: blobs.map(withPort) };
}

/** Where a registry is known to send clients; undefined if nothing is known of it. */
export function knownHostsOf(registry: string): KnownHosts | undefined {
  return Object.hasOwn(KNOWN, registry) ? KNOWN[registry] : undefined;
}
