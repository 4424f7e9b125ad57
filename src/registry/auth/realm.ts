/**
 * Validates realms. A registry names the URL of its token server. A malicious one could name a server that only
 * this machine can reach (a cloud metadata service, a router, a local service), or plain HTTP.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { redactUrl } from "../../base/redact.ts";
import { type AddressKind, bareHost, kindOfHost, kindOfIp, parseIp } from "../../http/network/addresses.ts";

/** Returns the addresses of a host name. It may reject or return none. */
export type AddressLookup = (name: string) => Promise<readonly string[]>;

/** Resolves the IPv4 and IPv6 addresses of a host name with DNS. */
export async function lookupAddresses(name: string): Promise<readonly string[]> {
  const results = await Promise.allSettled([Deno.resolveDns(name, "A"), Deno.resolveDns(name, "AAAA")]);
  return results.flatMap((result) => result.status === "fulfilled" ? result.value : []);
}

/**
 * Parses a realm; a relative URL is resolved against `registry`.
 *
 * @throws AppError `unauthorized` for one that is not an http or https URL
 */
export function parseRealm(realm: string, registry: URL): URL {
  let url: URL;
  try {
    url = new URL(realm, registry);
  } catch {
    throw refuse(registry, "(not a URL)", "is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(registry, redactUrl(url), "is not an https URL");
  }
  // `fetch` would turn them into an Authorization header.
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}

/**
 * Checks a realm, and returns the same check for each redirect of its token requests:
 *
 * - no http if the registry uses https;
 * - no loopback, private, link-local or reserved address, unless it is the registry's own host, or the registry has a
 *   loopback or private address of the same kind.
 *
 * Names aren't resolved, except the registry's own name if the realm is a loopback or private address.
 *
 * @throws AppError `unauthorized`, as does the returned function
 */
export async function realmChecker(
  realm: URL,
  registry: URL,
  lookup: AddressLookup,
): Promise<(url: URL) => void> {
  const kinds = await kindsOfRegistry(realm, registry, lookup);
  const check = (url: URL) => {
    if (registry.protocol === "https:" && url.protocol === "http:") {
      throw refuse(registry, redactUrl(url), "is http although the registry uses https");
    }
    if (bareHost(url.hostname) === bareHost(registry.hostname)) return;
    const kind = kindOfHost(url.hostname);
    if (kind === "public" || kinds.has(kind)) return;
    throw refuse(registry, redactUrl(url), `has a ${kind} address although the registry doesn't`);
  };
  check(realm);
  return check;
}

/** The kinds that a registry may share with its token server. Cloud metadata services are link-local. */
const SHAREABLE: ReadonlySet<AddressKind> = new Set<AddressKind>(["loopback", "private"]);

async function kindsOfRegistry(
  realm: URL,
  registry: URL,
  lookup: AddressLookup,
): Promise<ReadonlySet<AddressKind>> {
  const own = kindOfHost(registry.hostname);
  if (own !== "public") return new Set(SHAREABLE.has(own) ? [own] : []);
  const name = bareHost(registry.hostname);
  const needsLookup = SHAREABLE.has(kindOfHost(realm.hostname)) && parseIp(name) === undefined;
  if (!needsLookup) return new Set();
  const addresses = await lookup(name).catch(() => []);
  const kinds = addresses.map((text) => {
    const ip = parseIp(text);
    return ip === undefined ? "public" : kindOfIp(ip);
  });
  // With a public address among them, the registry isn't a machine of the private network.
  return new Set(kinds.every((kind) => SHAREABLE.has(kind)) ? kinds : []);
}

function refuse(registry: URL, realm: string, why: string): AppError {
  return new AppError(
    "unauthorized",
    `Cannot request a token for "${registry.host}": its realm "${realm}" ${why}`,
    { details: { host: registry.host } },
  );
}
