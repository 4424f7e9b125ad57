/**
 * Decides which addresses a registry may send us to, by a realm or a redirect. A malicious registry could name a server
 * that only this machine can reach: a cloud metadata service, a router, a local service.
 *
 * The connection resolves the name again, and `fetch` doesn't expose the address that it connects to. A name whose DNS
 * record changes in between (DNS rebinding) is therefore not detected. Over https such a server also needs a certificate
 * for that name, and a redirect or realm of an https registry must be https.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { after } from "../../base/concurrency/timer.ts";
import { type AddressKind, bareHost, kindOfHost, kindOfIp, parseIp } from "../../http/network/addresses.ts";

type Kinds = ReadonlySet<AddressKind>;

/** Returns the addresses of a host name. It rejects with `Deno.errors.NotCapable` if the permissions allow no DNS. */
export type AddressLookup = (name: string) => Promise<readonly string[]>;

/** The longest wait for DNS, in milliseconds. */
const LOOKUP_TIMEOUT_MS = 5_000;
/** Milliseconds after which a name is resolved again. */
const RESOLVED_MAX_AGE_MS = 60_000;
/** Names to remember: a registry has one token server and a few hosts for its blobs. */
const NAMES_MAX = 100;
/** The kinds that a registry may share with its hosts. Cloud metadata services are link-local. */
const SHAREABLE: ReadonlySet<AddressKind> = new Set<AddressKind>(["loopback", "private"]);
const UNKNOWN: Kinds = new Set();

/**
 * Resolves the IPv4 and IPv6 addresses of a host name with DNS and the hosts file.
 *
 * @throws the runtime's error if both lookups fail
 */
export async function lookupAddresses(name: string): Promise<readonly string[]> {
  const timeout = new AbortController();
  const cancel = after(LOOKUP_TIMEOUT_MS, () => timeout.abort());
  try {
    const options = { signal: timeout.signal };
    const results = await Promise.allSettled([
      Deno.resolveDns(name, "A", options),
      Deno.resolveDns(name, "AAAA", options),
    ]);
    const addresses = results.flatMap((result) => result.status === "fulfilled" ? result.value : []);
    const failed = results.find((result) => result.status === "rejected");
    if (addresses.length === 0 && failed !== undefined) throw failed.reason;
    return addresses;
  } finally {
    cancel();
  }
}

/** Judges addresses. It resolves each name once a minute: a registry sends many requests for blobs to the same host. */
export class AddressPolicy {
  readonly #isProxied: (url: URL) => boolean;
  readonly #lookup: AddressLookup;
  readonly #resolved = new Map<string, { readonly kinds: Promise<Kinds>; readonly time: number }>();

  /**
   * @param isProxied whether requests to a URL go through a proxy, which resolves its name
   * @param lookup a parameter for tests
   */
  constructor(isProxied: (url: URL) => boolean = () => false, lookup: AddressLookup = lookupAddresses) {
    this.#isProxied = isProxied;
    this.#lookup = lookup;
  }

  /**
   * The kind of address for which requests to `url` must not be sent; undefined if they may. Only public addresses are
   * allowed, unless it is the registry's own host, or all addresses of the registry are loopback or private ones of the
   * same kind. The check is skipped for a name that a proxy resolves, or that the permissions don't allow us to resolve:
   * those list the allowed hosts.
   *
   * @throws AppError `network` if the host of `url` can't be resolved
   */
  async forbiddenKind(url: URL, registry: URL): Promise<AddressKind | undefined> {
    if (bareHost(url.hostname) === bareHost(registry.hostname)) return undefined;
    const kinds = await this.#nonPublicKinds(url);
    if (kinds.length === 0) return undefined;
    const allowed = await this.#kindsOf(registry).catch(() => UNKNOWN);
    // With a public address among them, the registry isn't a machine of the private network.
    const isPrivate = [...allowed].every((kind) => SHAREABLE.has(kind));
    return kinds.find((kind) => !isPrivate || !allowed.has(kind));
  }

  /**
   * Whether all known addresses of a URL's host are public. Skips the check in the same cases as `forbiddenKind`.
   *
   * @throws AppError `network` if the host can't be resolved
   */
  async isPublic(url: URL): Promise<boolean> {
    return (await this.#nonPublicKinds(url)).length === 0;
  }

  async #nonPublicKinds(url: URL): Promise<readonly AddressKind[]> {
    return [...await this.#kindsOf(url)].filter((kind) => kind !== "public");
  }

  #kindsOf(url: URL): Promise<Kinds> {
    const name = bareHost(url.hostname);
    const kind = kindOfHost(name);
    if (kind !== "public" || parseIp(name) !== undefined) return Promise.resolve(new Set([kind]));
    if (this.#isProxied(url)) return Promise.resolve(UNKNOWN);
    const known = this.#resolved.get(name);
    const time = performance.now();
    if (known !== undefined && time - known.time < RESOLVED_MAX_AGE_MS) return known.kinds;
    const [oldest] = this.#resolved.keys();
    if (this.#resolved.size >= NAMES_MAX && oldest !== undefined) this.#resolved.delete(oldest);
    const kinds = this.#resolve(name);
    this.#resolved.set(name, { kinds, time });
    kinds.catch(() => {
      if (this.#resolved.get(name)?.kinds === kinds) this.#resolved.delete(name);
    });
    return kinds;
  }

  async #resolve(name: string): Promise<Kinds> {
    let addresses: readonly string[];
    try {
      addresses = await this.#lookup(name);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) return UNKNOWN;
      throw unresolvedError(name, cause);
    }
    if (addresses.length === 0) throw unresolvedError(name);
    return new Set(addresses.map((text) => {
      const ip = parseIp(text);
      return ip === undefined ? "public" : kindOfIp(ip);
    }));
  }
}

function unresolvedError(host: string, cause?: unknown): AppError {
  return new AppError("network", `Cannot check the address of "${host}": DNS lookup failed`, {
    cause,
    details: { host, reason: "dns", isRetryable: true },
  });
}
