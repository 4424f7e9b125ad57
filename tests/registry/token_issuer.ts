/**
 * Issues tokens, and checks them later.
 *
 * @module
 */
import { basicHeader } from "../../src/registry/auth/token.ts";
import { errorResponse, jsonResponse, type TestResponse } from "./response.ts";
import type { BearerAuth } from "./auth.ts";
import type { RawRequest } from "./http1.ts";

interface Grant {
  readonly scopes: ReadonlySet<string>;
  usesLeft: number;
}

/** The user and the scopes of a token request. */
interface TokenRequest {
  readonly scopes: readonly string[];
  /** Undefined if the credentials are wrong. */
  readonly user: string | undefined;
  readonly wantsRefresh: boolean;
  readonly usedRefresh?: string;
}

const ANONYMOUS = "";

/** Makes the text of a token for a user ("" if anonymous) and scopes such as `repository:a:pull`. */
export type MintToken = (user: string, scopes: readonly string[], number: number) => Promise<string> | string;

/** The token server of one registry. */
export class TokenIssuer {
  readonly #options: BearerAuth;
  readonly #grants = new Map<string, Grant>();
  readonly #refresh = new Map<string, string>();
  readonly #mint: MintToken;
  #count = 0;
  /** The name of the registry in challenges. */
  readonly service: string;

  constructor(options: BearerAuth, mint: MintToken = (_user, _scopes, number) => `token-${number}`) {
    this.#options = options;
    this.#mint = mint;
    this.service = options.service ?? "test-registry";
    for (const token of options.identityTokens ?? []) this.#refresh.set(token, "identity");
  }

  /** Checks a token, with the error codes of RFC 6750. Counts as a use. */
  check(token: string, scope: string): "good" | "invalid_token" | "insufficient_scope" {
    if (this.#options.registryTokens?.includes(token)) return "good";
    const grant = this.#grants.get(token);
    if (grant === undefined || grant.usesLeft <= 0) return "invalid_token";
    if (scope !== "" && !grant.scopes.has(scope)) return "insufficient_scope";
    grant.usesLeft--;
    return "good";
  }

  /** Expires all tokens. */
  expireAll(): void {
    this.#grants.clear();
  }

  /** Responds to a token request: GET, or POST as in OAuth 2. */
  async response(request: RawRequest): Promise<TestResponse> {
    const methods: readonly string[] = this.#options.methods ?? ["GET", "POST"];
    if (!methods.includes(request.method)) return errorResponse(405, "UNSUPPORTED", "no such method here");
    const wanted = request.method === "POST" ? this.#readPost(request) : this.#readGet(request);
    const anonymous = this.#options.anonymous ?? this.#options.users === undefined;
    if (wanted.user === undefined || (wanted.user === ANONYMOUS && !anonymous)) {
      return errorResponse(401, "UNAUTHORIZED", "incorrect username or password");
    }
    return jsonResponse(200, await this.#grant(wanted, wanted.user));
  }

  #readGet(request: RawRequest): TokenRequest {
    const query = request.url.searchParams;
    const header = request.headers.get("authorization");
    return {
      scopes: query.getAll("scope"),
      user: header === null ? ANONYMOUS : this.#userOf(header),
      wantsRefresh: query.get("offline_token") === "true",
    };
  }

  #readPost(request: RawRequest): TokenRequest {
    const form = new URLSearchParams(new TextDecoder().decode(request.body));
    const refresh = form.get("refresh_token");
    const byPassword = form.get("grant_type") === "password";
    const header = basicHeader(form.get("username") ?? "", form.get("password") ?? "");
    return {
      scopes: (form.get("scope") ?? "").split(" ").filter((scope) => scope !== ""),
      user: byPassword ? this.#userOf(header) : this.#refresh.get(refresh ?? ""),
      wantsRefresh: form.get("access_type") === "offline",
      ...(refresh !== null && !byPassword && { usedRefresh: refresh }),
    };
  }

  #userOf(header: string): string | undefined {
    const users = Object.entries(this.#options.users ?? {});
    return users.find(([name, password]) => basicHeader(name, password) === header)?.[0];
  }

  async #grant(wanted: TokenRequest, user: string): Promise<Record<string, unknown>> {
    const { tokenUses = Infinity, expiresIn = 300, tokenField = "token", rotate = false } = this.#options;
    const token = await this.#mint(user, wanted.scopes, ++this.#count);
    this.#grants.set(token, { scopes: new Set(wanted.scopes.flatMap(splitScope)), usesLeft: tokenUses });
    const response: Record<string, unknown> = { issued_at: new Date().toISOString() };
    if (tokenField !== "access_token") response.token = token;
    if (tokenField !== "token") response.access_token = token;
    if (expiresIn !== "unsaid") response.expires_in = expiresIn;
    if (rotate && wanted.usedRefresh !== undefined) this.#refresh.delete(wanted.usedRefresh);
    if ((wanted.wantsRefresh && user !== ANONYMOUS) || (rotate && wanted.usedRefresh !== undefined)) {
      const refresh = `refresh-${this.#count}`;
      this.#refresh.set(refresh, user);
      response.refresh_token = refresh;
    }
    return response;
  }
}

/** Splits `repository:a:pull,push` into one scope per action. */
function splitScope(scope: string): string[] {
  const colon = scope.lastIndexOf(":");
  return scope.slice(colon + 1).split(",").map((action) => `${scope.slice(0, colon)}:${action}`);
}
