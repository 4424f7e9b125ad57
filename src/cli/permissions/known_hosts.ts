/**
 * Public registries whose token services and blob stores have other names than they have themselves. What a registry
 * redirects to is its own business and may change: the list says what is known, `dray permissions --probe` what is true.
 *
 * @module
 */

interface KnownRegistry {
  /** The registry of a reference, or `*.` and what its name ends with. */
  readonly registry: string;
  /** Where it sends a client: token services first, then stores of blobs. */
  readonly hosts: readonly string[];
}

const KNOWN: readonly KnownRegistry[] = [
  {
    registry: "docker.io",
    hosts: [
      "auth.docker.io",
      "production.cloudflare.docker.com",
      "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
    ],
  },
  { registry: "ghcr.io", hosts: ["pkg-containers.githubusercontent.com"] },
  { registry: "quay.io", hosts: ["*.quay.io"] },
  { registry: "registry.k8s.io", hosts: ["*.pkg.dev", "*.amazonaws.com"] },
  { registry: "gcr.io", hosts: ["storage.googleapis.com"] },
  { registry: "*.gcr.io", hosts: ["storage.googleapis.com"] },
  { registry: "mcr.microsoft.com", hosts: ["*.data.mcr.microsoft.com"] },
  { registry: "public.ecr.aws", hosts: ["*.cloudfront.net"] },
  {
    registry: "registry.gitlab.com",
    hosts: ["gitlab.com", "cdn.registry.gitlab-static.net", "storage.googleapis.com"],
  },
  { registry: "registry.access.redhat.com", hosts: ["*.quay.io"] },
  { registry: "*.azurecr.io", hosts: ["*.blob.core.windows.net"] },
  { registry: "*.amazonaws.com", hosts: ["*.amazonaws.com"] },
];

/** Where a registry is known to send clients; undefined if nothing is known of it. */
export function knownHostsOf(registry: string): readonly string[] | undefined {
  return KNOWN.find((known) =>
    known.registry === registry ||
    (known.registry.startsWith("*.") && registry.endsWith(known.registry.slice(1)))
  )?.hosts.map((host) => `${host}:443`);
}

/** Registries of which enough is known to name them without a reference. */
export const PUBLIC_REGISTRIES: readonly string[] = KNOWN.map(({ registry }) => registry).filter((name) =>
  !name.startsWith("*.") && name !== "registry.access.redhat.com"
);
