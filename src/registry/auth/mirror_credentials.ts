/**
 * The credentials that a mirror may receive.
 *
 * @module
 */
import type { CredentialSource } from "../../content/credential.ts";
import type { RegistryHost } from "../../content/registry_host.ts";

/** The name and repository under which a host's credentials are stored. */
export interface CredentialName {
  readonly registry: string;
  readonly repository: string;
}

/** Keeps the sources that a mirror's name may be looked up in; the first one with a credential wins. */
export function mirrorCredentials(...sources: readonly (CredentialSource | undefined)[]): CredentialSource {
  return {
    isByName: true,
    async findCredential(registry, repository, signal) {
      for (const source of sources) {
        // Another source could return the registry's credential.
        if (!source?.isByName) continue;
        const found = await source.findCredential(registry, repository, signal);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/**
 * The name to look up a host's credentials by. That of a mirror is its own, with the path of its API: credentials may
 * be stored for one project of a caching proxy.
 */
export function credentialNameOf(
  { registry, base, isMirror }: RegistryHost,
  repository: string,
): CredentialName {
  if (!isMirror) return { registry, repository };
  const path = base.pathname.split("/").filter((part) => part !== "" && part !== "v2");
  return { registry: base.host, repository: [...path, repository].join("/") };
}
