/**
 * Where a token may be asked for: a registry names the place, and could name one that it must not reach through us
 * (the metadata service of a cloud, a router, a service of this machine), or one in plain text.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { redactUrl } from "../../base/redact.ts";
import { type AddressKind, bareHost, kindOfHost, kindOfIp, parseIp } from "../../http/network/addresses.ts";

/** The addresses of a name. Fails or is empty when there are none. */
export type AddressLookup = (name: string) => Promise<readonly string[]>;

/** Asks the system's DNS servers for both kinds of addresses. */
export async function lookupAddresses(name: string): Promise<readonly string[]> {
  const answers = await Promise.allSettled([Deno.resolveDns(name, "A"), Deno.resolveDns(name, "AAAA")]);
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}

/**
 * The URL of a realm.
 *
 * @throws AppError `unauthorized` for one that is not an http or https URL
 */
export function parseRealm(realm: string, registry: URL): URL {
  let url: URL;
  try {
    url = new URL(realm, registry);
  } catch {
    throw refuse(registry, "(not a URL)", "it is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(registry, redactUrl(url), "it is not an https address");
  }
  // The runtime would make an Authorization header of them.
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}

/**
 * Makes the check that a realm and each redirect of a token request must pass:
 *
 * - no http if the registry speaks https;
 * - no loopback, private, link-local or reserved address, unless it is the registry's own host, or the registry is at
 *   a loopback or private address of the same kind itself.
 *
 * Names are judged by their text; only the registry's own name may be looked up, when the realm is a private address.
 *
 * @throws AppError `unauthorized`
 */
export async function realmChecker(
  realm: URL,
  registry: URL,
  lookup: AddressLookup,
): Promise<(url: URL) => void> {
  const kinds = await kindsOfRegistry(realm, registry, lookup);
  const check = (url: URL) => {
    if (registry.protocol === "https:" && url.protocol === "http:") {
      throw refuse(registry, redactUrl(url), "it is http, and the registry is https");
    }
    if (bareHost(url.hostname) === bareHost(registry.hostname)) return;
    const kind = kindOfHost(url.hostname);
    if (kind === "public" || kinds.has(kind)) return;
    throw refuse(registry, redactUrl(url), `it is a ${kind} address, and the registry is not`);
  };
  check(realm);
  return check;
}

/** Link-local and reserved addresses are never neighbours: the metadata services of clouds are there. */
const NEIGHBOURLY: ReadonlySet<AddressKind> = new Set<AddressKind>(["loopback", "private"]);

async function kindsOfRegistry(
  realm: URL,
  registry: URL,
  lookup: AddressLookup,
): Promise<ReadonlySet<AddressKind>> {
  const own = kindOfHost(registry.hostname);
  if (own !== "public") return new Set(NEIGHBOURLY.has(own) ? [own] : []);
  const name = bareHost(registry.hostname);
  const isWorthALookup = NEIGHBOURLY.has(kindOfHost(realm.hostname)) && parseIp(name) === undefined;
  if (!isWorthALookup) return new Set();
  const found = await lookup(name).catch(() => []);
  const kinds = found.map((text) => {
    const ip = parseIp(text);
    return ip === undefined ? "public" : kindOfIp(ip);
  });
  // One public address among them, and the name is not that of a machine in the private network.
  return new Set(kinds.every((kind) => NEIGHBOURLY.has(kind)) ? kinds : []);
}

function refuse(registry: URL, realm: string, why: string): AppError {
  return new AppError(
    "unauthorized",
    `Cannot ask for a token: registry "${registry.host}" names the realm "${realm}", but ${why}`,
    { details: { host: registry.host } },
  );
}
