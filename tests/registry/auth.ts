/**
 * What a test registry wants to be told before it answers.
 *
 * @module
 */
import { type Answer, errorAnswer } from "./answer.ts";
import type { RawRequest } from "./http1.ts";
import type { Route } from "./routes.ts";

/** Basic credentials of one user. */
export interface BasicAuth {
  readonly kind: "basic";
  readonly username: string;
  readonly password: string;
}

/** Tokens of an own token server (distribution's token protocol). */
export interface BearerAuth {
  readonly kind: "bearer";
  /** Passwords by name. @default none: then only anonymous tokens are had */
  readonly users?: Readonly<Record<string, string>>;
  /** Whether tokens are given without credentials. @default {true} without users, else false */
  readonly anonymous?: boolean;
  /** How the token server may be asked; the other method is answered with 405. @default both */
  readonly methods?: readonly ("GET" | "POST")[];
  /** Refresh tokens that are good from the start: identity tokens. */
  readonly identityTokens?: readonly string[];
  /** Whether a refresh token is good once, and a new one comes with each token. @default {false} */
  readonly rotate?: boolean;
  /** Tokens that the registry takes though the token server never gave them: registry tokens. */
  readonly registryTokens?: readonly string[];
  /** Requests that a token is good for: then it counts as expired. @default any number */
  readonly tokenUses?: number;
  /** What the token server says of how long tokens last, in seconds. @default {300} */
  readonly expiresIn?: number | "unsaid";
  /** The field that the token comes in. @default {"token"} */
  readonly tokenField?: "token" | "access_token" | "both";
  /** What the challenge says, in place of the token server's address. */
  readonly realm?: string;
  /** @default {"test-registry"} */
  readonly service?: string;
}

/** What a registry wants. */
export type AuthOptions = BasicAuth | BearerAuth;

/** The refusal of a request whose credentials won't do, or undefined. */
export type AuthCheck = (request: RawRequest, route: Route) => Answer | undefined;

/** Checks Basic credentials. */
export function basicCheck({ username, password }: BasicAuth): AuthCheck {
  const want = basicHeader(username, password);
  return (request) => {
    if (request.headers.get("authorization") === want) return undefined;
    return refusal('Basic realm="test registry"');
  };
}

/** The value of an `authorization` header. */
export function basicHeader(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** Who knows which tokens are good: the issuer. */
export interface TokenChecker {
  /** The name of the registry in challenges. */
  readonly service: string;
  /** What a token is worth for a scope. */
  check(token: string, scope: string): "good" | "invalid_token" | "insufficient_scope";
}

/** Checks tokens. */
export function bearerCheck(options: BearerAuth, realm: string, issuer: TokenChecker): AuthCheck {
  return (request, route) => {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const scope = route.repository === "" ? "" : `repository:${route.repository}:pull`;
    const verdict = token === undefined ? "missing" : issuer.check(token, scope);
    if (verdict === "good") return undefined;
    const parts = [`realm="${options.realm ?? realm}"`, `service="${issuer.service}"`];
    if (scope !== "") parts.push(`scope="${scope}"`);
    if (verdict !== "missing") parts.push(`error="${verdict}"`);
    return refusal(`Bearer ${parts.join(",")}`);
  };
}

function refusal(challenge: string): Answer {
  return errorAnswer(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
}
