/**
 * The authentication of a test registry.
 *
 * @module
 */
import { basicHeader } from "../../src/registry/auth/token.ts";
import { errorResponse, type TestResponse } from "./response.ts";
import type { RawRequest } from "./http1.ts";
import type { Route } from "./routes.ts";

/** Basic credentials of one user. */
export interface BasicAuth {
  readonly kind: "basic";
  readonly username: string;
  readonly password: string;
}

/** Tokens from the registry's token server (distribution's token protocol). */
export interface BearerAuth {
  readonly kind: "bearer";
  /** Passwords by name. @default none, so that only anonymous tokens are issued */
  readonly users?: Readonly<Record<string, string>>;
  /** Whether tokens are issued without credentials. @default {true} without users, else false */
  readonly anonymous?: boolean;
  /** The methods that the token server accepts; others get 405. @default both */
  readonly methods?: readonly ("GET" | "POST")[];
  /** Refresh tokens that are valid from the start: identity tokens. */
  readonly identityTokens?: readonly string[];
  /** Whether a refresh token is valid once, and each token comes with a new one. @default {false} */
  readonly rotate?: boolean;
  /** Tokens that the registry accepts without a token server: registry tokens. */
  readonly registryTokens?: readonly string[];
  /** Requests after which a token is expired. @default unlimited */
  readonly tokenUses?: number;
  /** The lifetime of tokens according to the token server, in seconds. @default {300} */
  readonly expiresIn?: number | "unsaid";
  /** The response field of the token. @default {"token"} */
  readonly tokenField?: "token" | "access_token" | "both";
  /** The realm of challenges, instead of the token server's address. */
  readonly realm?: string;
  /** @default {"test-registry"} */
  readonly service?: string;
}

/** The authentication that a registry requires. */
export type AuthOptions = BasicAuth | BearerAuth;

/** Returns the refusal of a request without valid credentials, or undefined. */
export type AuthCheck = (request: RawRequest, route: Route) => TestResponse | undefined;

/** Checks Basic credentials. */
export function basicCheck({ username, password }: BasicAuth): AuthCheck {
  const want = basicHeader(username, password);
  return (request) => {
    if (request.headers.get("authorization") === want) return undefined;
    return refusal('Basic realm="test registry"');
  };
}

/** Decides which tokens are valid. */
export interface TokenChecker {
  /** The name of the registry in challenges. */
  readonly service: string;
  /** Checks a token for a scope. */
  check(token: string, scope: string): "good" | "invalid_token" | "insufficient_scope";
}

/** Checks Bearer tokens. */
export function bearerCheck(options: BearerAuth, realm: string, issuer: TokenChecker): AuthCheck {
  return (request, route) => {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const scope = route.repository === "" ? "" : `repository:${route.repository}:pull`;
    const result = token === undefined ? "missing" : issuer.check(token, scope);
    if (result === "good") return undefined;
    const parts = [`realm="${options.realm ?? realm}"`, `service="${issuer.service}"`];
    if (scope !== "") parts.push(`scope="${scope}"`);
    if (result !== "missing") parts.push(`error="${result}"`);
    return refusal(`Bearer ${parts.join(",")}`);
  };
}

function refusal(challenge: string): TestResponse {
  return errorResponse(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
}
