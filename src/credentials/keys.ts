/**
 * Keys of credential files: which of them speak for a repository.
 *
 * @module
 */
import { DOCKER_HUB, DOCKER_HUB_KEY, isDockerHub } from "../oci/docker_hub.ts";

/** Old API roots that docker wrote into keys: they stand for the whole registry and are no namespaces. */
const API_ROOT = /\/v[12]\/$/;

/** docker keeps the tokens of its browser login beside the key of the Hub; they are no registry credentials. */
const BROWSER_LOGIN = /\/(?:access|refresh)-token$/;

/** A key that speaks for a repository. */
export interface KeyMatch {
  /** As it stands in the file. */
  readonly key: string;
  /** Parts of the path that the key names: 0 speaks for the whole registry, more is more specific. */
  readonly depth: number;
}

/** The key that docker uses for a registry, in files and towards helper programs. */
export function dockerKeyOf(registry: string): string {
  return hostOf(registry) === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
}

/**
 * The keys that speak for a repository, the most specific first. Among equals the key that docker itself would write
 * is first, then the bare registry, then the order of the file.
 *
 * A key is `HOST[:PORT]`, `HOST[:PORT]/NAMESPACE…`, or an address with a scheme, whose path is ignored
 * (`https://HOST/v1/`). The names of Docker Hub are one registry.
 */
export function matchKeys(keys: readonly string[], registry: string, repository: string): KeyMatch[] {
  const host = hostOf(registry);
  const parts = repository.split("/");
  const matches: KeyMatch[] = [];
  for (const key of keys) {
    const scope = scopeOf(key);
    if (scope.host !== host) continue;
    if (scope.path.every((part, i) => part === parts[i])) matches.push({ key, depth: scope.path.length });
  }
  const written = dockerKeyOf(registry);
  const rank = ({ key }: KeyMatch) => key === written ? 0 : key === registry ? 1 : 2;
  return matches.sort((a, b) => b.depth - a.depth || rank(a) - rank(b));
}

/** The keys that speak for a whole registry: those that `logout` removes. */
export function registryKeys(keys: readonly string[], registry: string): string[] {
  return matchKeys(keys, registry, "").map((match) => match.key);
}

function scopeOf(key: string): { readonly host: string; readonly path: readonly string[] } {
  if (BROWSER_LOGIN.test(key)) return { host: "", path: [] };
  const bare = key.replace(/^https?:\/\//, "");
  const isWhole = bare !== key || API_ROOT.test(bare);
  const [host = "", ...path] = bare.split("/");
  // A slash at the end names nothing.
  return { host: hostOf(host), path: isWhole ? [] : path.filter((part) => part !== "") };
}

/** Host names have no case, and the Hub has several. */
function hostOf(registry: string): string {
  const host = registry.toLowerCase();
  return isDockerHub(host) ? DOCKER_HUB : host;
}
