/**
 * Tokens and ways to authenticate that are known already, shared by all sessions of one client.
 *
 * @module
 */
import { Flight } from "../../base/flight.ts";
import { hashHex } from "../../base/hash.ts";
import type { Credential } from "../../content/credential.ts";
import { type Clock, SYSTEM_CLOCK } from "../../http/clock.ts";
import type { Token } from "./token.ts";

/** How a host wants to be authenticated to: what a challenge says, without the scope. */
export type Scheme =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: URL; readonly service: string };

/** What a token is for. */
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

/** Repositories and credentials that are in use at once: far fewer. */
const MAX_KEPT = 1_000;

/** Keeps tokens in memory only. A failure is kept for nobody. */
export class TokenCache {
  readonly #tokens = new Map<string, Token>();
  readonly #schemes = new Map<string, Scheme>();
  readonly #refreshTokens = new Map<string, string>();
  readonly #flight = new Flight<Token>();
  /** The clock that tokens are judged by. */
  readonly clock: Clock;
  /** Makes the identities worthless outside of this process. */
  readonly #salt = crypto.randomUUID();

  /** Makes an empty cache. */
  constructor(clock: Clock = SYSTEM_CLOCK) {
    this.clock = clock;
  }

  /** Who a credential stands for, with none of its secret in it. */
  async identityOf(credential: Credential | undefined): Promise<string> {
    if (credential === undefined) return "anonymous";
    const parts = credential.kind === "basic"
      ? [credential.username, credential.password]
      : [credential.token];
    const text = JSON.stringify([this.#salt, credential.kind, ...parts]);
    return await hashHex("sha256", new TextEncoder().encode(text));
  }

  /** How the host at this origin wants to be authenticated to, if it ever asked. */
  findScheme(origin: string): Scheme | undefined {
    return this.#schemes.get(origin);
  }

  /** Remembers what a host asked for. */
  rememberScheme(origin: string, scheme: Scheme): void {
    this.#schemes.set(origin, scheme);
  }

  /**
   * The token for a key: the one at hand while it is usable, else a fresh one that `fetch` gets, once for all
   * who wait.
   *
   * @throws what `fetch` throws, or the signal's reason
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
      this.#keep(id, token);
      this.#keepRefresh(refreshId(key), token.refreshToken);
      return token;
    }, signal);
    return { token: fresh.token, isFresh: true };
  }

  /** A server lives for months, and its tokens for minutes. */
  #keep(id: string, token: Token): void {
    if (this.#tokens.size >= MAX_KEPT) {
      for (const [id, { usableUntil }] of this.#tokens) {
        if (usableUntil <= this.clock.now()) this.#tokens.delete(id);
      }
    }
    forgetOldest(this.#tokens);
    forgetOldest(this.#refreshTokens);
    this.#tokens.set(id, token);
  }

  /** Without a successor the one in use stays good. */
  #keepRefresh(id: string, successor: string | undefined): void {
    const kept = successor ?? this.#refreshTokens.get(id);
    if (kept === undefined) return;
    // Set anew, so that what is in use is not the oldest.
    this.#refreshTokens.delete(id);
    this.#refreshTokens.set(id, kept);
  }

  /** Drops a token that the host refused. Another one that took its place meanwhile stays. */
  drop(key: TokenKey, token: string): void {
    const id = idOf(key);
    if (this.#tokens.get(id)?.token === token) this.#tokens.delete(id);
  }

  /** The refresh token that replaced the one of this key's credential: some servers accept each only once. */
  findRefreshToken(key: TokenKey): string | undefined {
    return this.#refreshTokens.get(refreshId(key));
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size >= MAX_KEPT && oldest !== undefined) map.delete(oldest);
}

function idOf(key: TokenKey): string {
  const scopes = [...new Set(key.scopes)].sort();
  return JSON.stringify([key.registry, key.realm, key.service, scopes, key.identity]);
}

function refreshId(key: TokenKey): string {
  return JSON.stringify([key.registry, key.realm, key.service, key.identity]);
}
