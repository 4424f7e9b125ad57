/**
 * Caches tokens and authentication schemes for all sessions of one client.
 *
 * @module
 */
import { Flight } from "../../base/concurrency/flight.ts";
import { hashHex } from "../../base/hash.ts";
import type { Credential } from "../../content/credential.ts";
import { type Clock, SYSTEM_CLOCK } from "../../http/clock.ts";
import type { Token } from "./token.ts";

/** The authentication scheme of a host. */
export type Scheme =
  /** The base of its API accepts anonymous requests. */
  | { readonly kind: "none" }
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: URL; readonly service: string };

/** The key of a token. */
export interface TokenKey {
  /** Origin of the registry's API. */
  readonly registry: string;
  readonly realm: string;
  readonly service: string;
  /** In any order. */
  readonly scopes: readonly string[];
  /** From {@linkcode TokenCache.identityOf}. */
  readonly identity: string;
}

/** Far more than the repositories and credentials that a process uses at a time. */
const MAX_ENTRIES = 1_000;

/** An in-memory cache. Failures aren't cached. */
export class TokenCache {
  readonly #tokens = new Map<string, Token>();
  readonly #schemes = new Map<string, Scheme>();
  readonly #refreshTokens = new Map<string, string>();
  readonly #flight = new Flight<Token>();
  /** The clock that decides whether tokens have expired. */
  readonly clock: Clock;
  /** Makes identities useless outside this process. */
  readonly #salt = crypto.randomUUID();

  /** Creates an empty cache. */
  constructor(clock: Clock = SYSTEM_CLOCK) {
    this.clock = clock;
  }

  /** Returns a salted hash that identifies a credential without revealing it. */
  async identityOf(credential: Credential | undefined): Promise<string> {
    if (credential === undefined) return "anonymous";
    const parts = credential.kind === "basic"
      ? [credential.username, credential.password]
      : [credential.token];
    const text = JSON.stringify([this.#salt, credential.kind, ...parts]);
    return await hashHex("sha256", new TextEncoder().encode(text));
  }

  /** The scheme of the host at an origin; undefined if it never sent a challenge. */
  findScheme(origin: string): Scheme | undefined {
    return this.#schemes.get(origin);
  }

  /** Records the scheme of a host. */
  recordScheme(origin: string, scheme: Scheme): void {
    this.#schemes.set(origin, scheme);
  }

  /**
   * Returns the cached token of a key while it is usable, otherwise a fresh one. Concurrent callers share one `fetch`.
   *
   * @throws the errors of `fetch`, or the signal's reason
   */
  async token(
    key: TokenKey,
    fetch: (signal: AbortSignal) => Promise<Token>,
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly isFresh: boolean }> {
    const id = idOf(key);
    const found = this.#tokens.get(id);
    if (found !== undefined && found.usableUntil > this.clock.now()) {
      return { token: found.token, isFresh: false };
    }
    const fresh = await this.#flight.do(id, async (signal) => {
      const token = await fetch(signal);
      this.#store(id, token);
      this.#storeRefreshToken(refreshId(key), token.refreshToken);
      return token;
    }, signal);
    return { token: fresh.token, isFresh: true };
  }

  #store(id: string, token: Token): void {
    // Tokens expire within minutes, but a server runs for months.
    if (this.#tokens.size >= MAX_ENTRIES) {
      for (const [id, { usableUntil }] of this.#tokens) {
        if (usableUntil <= this.clock.now()) this.#tokens.delete(id);
      }
    }
    evictOldest(this.#tokens);
    evictOldest(this.#refreshTokens);
    this.#tokens.set(id, token);
  }

  /** Without a successor, the current refresh token stays valid. */
  #storeRefreshToken(id: string, successor: string | undefined): void {
    const current = successor ?? this.#refreshTokens.get(id);
    if (current === undefined) return;
    // Delete it first: only then does it move to the end of the map, away from eviction.
    this.#refreshTokens.delete(id);
    this.#refreshTokens.set(id, current);
  }

  /** Removes a token that the host rejected, unless the key has another token by now. */
  drop(key: TokenKey, token: string): void {
    const id = idOf(key);
    if (this.#tokens.get(id)?.token === token) this.#tokens.delete(id);
  }

  /** The refresh token that replaced the one of the key's credential; some servers accept each only once. */
  findRefreshToken(key: TokenKey): string | undefined {
    return this.#refreshTokens.get(refreshId(key));
  }
}

function evictOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size >= MAX_ENTRIES && oldest !== undefined) map.delete(oldest);
}

function idOf(key: TokenKey): string {
  const scopes = [...new Set(key.scopes)].sort();
  return JSON.stringify([key.registry, key.realm, key.service, scopes, key.identity]);
}

function refreshId(key: TokenKey): string {
  return JSON.stringify([key.registry, key.realm, key.service, key.identity]);
}
