/**
 * Getting a bearer token: by GET (distribution spec, token authentication) and by POST (its OAuth2 form).
 *
 * @module
 */
import { KIB, readAll } from "../../base/bytes.ts";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { redactUrl } from "../../base/redact.ts";
import type { Credential } from "../../content/credential.ts";
import { type JsonObject, parseJsonObject } from "../../oci/json.ts";
import type { Clock } from "../../http/clock.ts";
import { readErrorBody } from "./error_body.ts";
import { discardResponse } from "../../http/message/discard.ts";
import type { HttpRequest, HttpResponse, Transport } from "../../http/message/http_message.ts";
import { retryAfterOf } from "./retry_after.ts";

/** Token responses have a few KiB. */
const TOKEN_RESPONSE_MAX_BYTES = 64 * KIB;
/** The specification's life for a token that doesn't say. */
const DEFAULT_LIFE_S = 60;
/** The part of a token's life that is used: the rest is for clocks that differ and requests under way. */
const USED_PART = 0.9;
/** What we call ourselves to token servers. */
const CLIENT_ID = "dray";

/** What to ask for. */
export interface TokenRequest {
  readonly realm: URL;
  /** What the challenge calls the registry; "" if it doesn't. */
  readonly service: string;
  /** `repository:library/nginx:pull`. */
  readonly scopes: readonly string[];
  /** Undefined asks as nobody. */
  readonly credential?: Exclude<Credential, { kind: "bearer" }>;
  /** Where the credential came from and its user, for messages. */
  readonly source: string;
  /** The registry, for messages and for trust. */
  readonly registry: URL;
  /** Judges redirects. */
  readonly checkRealm: (url: URL) => void;
  /** Whether to ask for a refresh token as well. @default {false} */
  readonly offline?: boolean;
}

/** A token. */
export interface Token {
  /** Secret. */
  readonly token: string;
  /** When to stop using it, in milliseconds since 1970. */
  readonly usableUntil: number;
  /** Secret: gets the next token. */
  readonly refreshToken?: string;
}

/**
 * Asks a token server: with a credential by POST first, and by GET where that server can't or won't (404, 405, 401,
 * 400, as GCR, Harbor, Artifactory and ACR do); without one by GET.
 *
 * @throws AppError `unauthorized`, `forbidden`, `rate_limited`, `network`, `invalid_content`, or the signal's reason
 */
export async function fetchToken(
  request: TokenRequest,
  transport: Transport,
  clock: Clock,
  signal: AbortSignal,
): Promise<Token> {
  const { credential } = request;
  if (credential !== undefined) {
    using response = await transport.send(postRequest(request, credential), signal);
    const canGet = credential.kind === "basic" && GET_INSTEAD.has(response.status);
    if (!canGet) return await readToken(request, response, clock);
    await discardResponse(response);
  }
  using response = await transport.send(getRequest(request, credential), signal);
  return await readToken(request, response, clock);
}

const GET_INSTEAD = new Set([400, 401, 404, 405]);

function postRequest(
  request: TokenRequest,
  credential: NonNullable<TokenRequest["credential"]>,
): HttpRequest {
  const form = new URLSearchParams();
  if (credential.kind === "basic") {
    form.set("grant_type", "password");
    form.set("username", credential.username);
    form.set("password", credential.password);
  } else {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credential.token);
  }
  form.set("client_id", CLIENT_ID);
  form.set("service", request.service);
  if (request.scopes.length > 0) form.set("scope", request.scopes.join(" "));
  if (request.offline) form.set("access_type", "offline");
  return {
    method: "POST",
    url: request.realm,
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      accept: "application/json",
    },
    body: form.toString(),
    onBehalfOf: request.registry,
    checkRedirect: request.checkRealm,
  };
}

function getRequest(request: TokenRequest, credential: TokenRequest["credential"]): HttpRequest {
  const url = new URL(request.realm);
  if (request.service !== "") url.searchParams.set("service", request.service);
  for (const scope of request.scopes) url.searchParams.append("scope", scope);
  const headers: Record<string, string> = { accept: "application/json" };
  if (credential?.kind === "basic") {
    url.searchParams.set("account", credential.username);
    headers.authorization = basicHeader(credential.username, credential.password);
  }
  if (request.offline) {
    url.searchParams.set("client_id", CLIENT_ID);
    url.searchParams.set("offline_token", "true");
  }
  return { method: "GET", url, headers, onBehalfOf: request.registry, checkRedirect: request.checkRealm };
}

/** The value of an `Authorization` header for user and password (RFC 7617, UTF-8). */
export function basicHeader(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

async function readToken(request: TokenRequest, response: HttpResponse, clock: Clock): Promise<Token> {
  if (response.status !== 200) throw await tokenError(request, response, clock);
  const where = `token response of "${redactUrl(request.realm)}"`;
  const bytes = await readAll(response.body, TOKEN_RESPONSE_MAX_BYTES, where);
  const fields = parseJsonObject(bytes, where);
  const token = secret(fields.token) ?? secret(fields.access_token);
  if (token === undefined) {
    throw new AppError("invalid_content", `Cannot read ${where}: want a "token" or "access_token"`);
  }
  const refreshToken = secret(fields.refresh_token);
  const usableUntil = usableUntilOf(fields, clock.now());
  return refreshToken === undefined ? { token, usableUntil } : { token, usableUntil, refreshToken };
}

/** A text that can stand in a header; anything else is no token. */
function secret(value: unknown): string | undefined {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

function usableUntilOf(fields: JsonObject, now: number): number {
  const life = Number(fields.expires_in);
  const lifeMs = (Number.isFinite(life) && life > 0 ? life : DEFAULT_LIFE_S) * 1000;
  const issued = typeof fields.issued_at === "string" ? Date.parse(fields.issued_at) : NaN;
  // A server whose clock runs ahead or far behind would make each token look unborn or dead.
  const start = issued <= now && issued > now - lifeMs ? issued : now;
  return start + lifeMs * USED_PART;
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [400, "unauthorized"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "unauthorized"],
  [405, "unauthorized"],
  [429, "rate_limited"],
]);

async function tokenError(request: TokenRequest, response: HttpResponse, clock: Clock): Promise<AppError> {
  const { status } = response;
  const code = CODES.get(status) ?? (status >= 500 || status === 408 ? "network" : "unauthorized");
  const { registry, realm, scopes, source } = request;
  const { message: said } = await readErrorBody(response, clock);
  const retryAfter = retryAfterOf(response.headers, clock.now());
  return new AppError(
    code,
    `Cannot get a token for "${registry.host}": realm "${redactUrl(realm)}" answered ${status} ` +
      `(${source}; scope "${scopes.join(" ")}")${said === "" ? "" : `: ${said}`}`,
    {
      details: {
        host: realm.host,
        status,
        isRetryable: code === "network" || code === "rate_limited",
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    },
  );
}
