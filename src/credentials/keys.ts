/**
 * Keys of credential files, and which of them apply to a repository.
 *
 * @module
 */
import { DOCKER_HUB, DOCKER_HUB_KEY, isDockerHub } from "../oci/docker_hub.ts";

/** API roots in keys of old docker versions. They mean the whole registry, not a namespace. */
const API_ROOT = /\/v[12]\/$/;

/** Keys of the tokens of docker's browser login, which aren't registry credentials. */
const BROWSER_LOGIN = /\/(?:access|refresh)-token$/;

/** A key that applies to a repository. */
export interface KeyMatch {
  /** The key as written in the file. */
  readonly key: string;
  /** Number of path segments in the key: 0 for the whole registry, more for a more specific key. */
  readonly depth: number;
}

/** The key that docker uses for a registry, in files and with helper programs. That of a namespace is its name. */
export function dockerKeyOf(name: string): string {
  return hostOf(name) === DOCKER_HUB ? DOCKER_HUB_KEY : name;
}

/** Splits `HOST[:PORT][/NAMESPACE…]` into the registry and the namespace, which is "" for the whole registry. */
export function splitCredentialName(name: string): { readonly registry: string; readonly namespace: string } {
  const slash = name.indexOf("/");
  if (slash < 0) return { registry: name, namespace: "" };
  return { registry: name.slice(0, slash), namespace: name.slice(slash + 1) };
}

/**
 * The keys that apply to a repository, the most specific first. Of equally specific keys, the one that docker
 * would write comes first, then the bare registry, then the others in the order of the file.
 *
 * A key is `HOST[:PORT]`, `HOST[:PORT]/NAMESPACE…`, or an address with a scheme, whose path is ignored
 * (`https://HOST/v1/`). All host names of Docker Hub mean the same registry.
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

/** The keys that mean exactly a registry or one of its namespaces; `logout` removes them. */
export function keysOf(keys: readonly string[], name: string): string[] {
  const { registry, namespace } = splitCredentialName(name);
  const depth = namespace === "" ? 0 : namespace.split("/").length;
  return matchKeys(keys, registry, namespace).filter((match) => match.depth === depth).map(({ key }) => key);
}

function scopeOf(key: string): { readonly host: string; readonly path: readonly string[] } {
  if (BROWSER_LOGIN.test(key)) return { host: "", path: [] };
  const bare = key.replace(/^https?:\/\//, "");
  const isWhole = bare !== key || API_ROOT.test(bare);
  const [host = "", ...path] = bare.split("/");
  // A trailing slash adds no segment.
  return { host: hostOf(host), path: isWhole ? [] : path.filter((part) => part !== "") };
}

/** Host names are case-insensitive, and Docker Hub has several. */
function hostOf(registry: string): string {
  const host = registry.toLowerCase();
  return isDockerHub(host) ? DOCKER_HUB : host;
}
