/**
 * Requests a bearer token: with GET (distribution spec, token authentication) or POST (its OAuth2 variant).
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError, type ErrorCode, messageOf } from "../../base/errors.ts";
import { encodeUserPassword } from "../../base/base64.ts";
import { redactUrl } from "../../base/redact.ts";
import type { SecretSet } from "../../base/secret_set.ts";
import type { Credential } from "../../content/credential.ts";
import { type JsonObject, parseJsonObject } from "../../oci/json.ts";
import type { Clock } from "../../http/clock.ts";
import { readDecoded } from "./content_encoding.ts";
import { readErrorBody } from "./error_body.ts";
import { readWithinTime } from "../../http/small_body.ts";
import { discardResponse } from "../../http/message/discard.ts";
import type { HttpRequest, HttpResponse, Transport } from "../../http/message/http_message.ts";
import { networkReasonOf } from "../../http/network/network_error.ts";
import { retryAfterOf } from "./retry_after.ts";

/** Token responses have a few KiB; a longer one is an attack or a mistake. */
const TOKEN_RESPONSE_MAX_BYTES = 64 * KIB;
/** The lifetime that the specification gives to a token without `expires_in`. */
const DEFAULT_LIFE_S = 60;
/** The usable fraction of a token's lifetime; the rest allows for clock differences and requests in flight. */
const USABLE_FRACTION = 0.9;
/** Our client id at token servers. */
const CLIENT_ID = "dray";

/** The parameters of a token. */
export interface TokenRequest {
  readonly realm: URL;
  /** The service of the challenge; "" if it has none. */
  readonly service: string;
  /** `repository:library/nginx:pull`. */
  readonly scopes: readonly string[];
  /** Undefined requests an anonymous token. */
  readonly credential?: Exclude<Credential, { kind: "bearer" }>;
  /** The source of the credential and its user, for messages. */
  readonly source: string;
  /** The registry, for messages. The CAs that are trusted for it are trusted for the realm too. */
  readonly registry: URL;
  /** Called with each redirect target; throws to refuse it. */
  readonly checkRealm: (url: URL) => Promise<void>;
  /** Secrets that the token server may quote. */
  readonly secrets: SecretSet;
}

/** A token. */
export interface Token {
  /** Secret. */
  readonly token: string;
  /** When to stop using it, in milliseconds since 1970. */
  readonly usableUntil: number;
  /** Secret. Replaces the refresh token that this one was requested with. */
  readonly refreshToken?: string;
}

/**
 * Requests a token. With a credential it uses POST, and GET if the server rejects that with 400, 401, 404 or 405, as
 * GCR, Harbor, Artifactory and ACR do. Without a credential it uses GET.
 *
 * A request that takes too long is repeated once, and then not retried: each attempt may take half a minute.
 *
 * @throws AppError `unauthorized`, `forbidden`, `rate_limited`, `network`, `invalid_content`, or the signal's reason
 */
export async function fetchToken(
  request: TokenRequest,
  transport: Transport,
  clock: Clock,
  signal: AbortSignal,
): Promise<Token> {
  try {
    return await requestToken(request, transport, clock, signal);
  } catch (error) {
    if (networkReasonOf(error) !== "timeout") throw error;
  }
  try {
    return await requestToken(request, transport, clock, signal);
  } catch (error) {
    if (!(error instanceof AppError) || networkReasonOf(error) !== "timeout") throw error;
    const details = { ...error.details, isRetryable: false };
    throw new AppError(error.code, `${error.message} (after 2 attempts)`, { details });
  }
}

async function requestToken(
  request: TokenRequest,
  transport: Transport,
  clock: Clock,
  signal: AbortSignal,
): Promise<Token> {
  const { credential } = request;
  if (credential !== undefined) {
    using response = await transport.send(postRequest(request, credential), signal);
    const canGet = credential.kind === "basic" && RETRY_WITH_GET.has(response.status);
    if (!canGet) return await readToken(request, response, clock);
    await discardResponse(response);
  }
  using response = await transport.send(getRequest(request, credential), signal);
  return await readToken(request, response, clock);
}

const RETRY_WITH_GET = new Set([400, 401, 404, 405]);

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

  return { method: "GET", url, headers, onBehalfOf: request.registry, checkRedirect: request.checkRealm };
}

/** Returns the value of an `Authorization` header for a user and password. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${encodeUserPassword(username, password)}`;
}

async function readToken(request: TokenRequest, response: HttpResponse, clock: Clock): Promise<Token> {
  if (response.status !== 200) throw await tokenError(request, response, clock);
  const where = `token response of "${redactUrl(request.realm)}"`;
  const body = { response, host: request.realm.host, what: where, maxBytes: TOKEN_RESPONSE_MAX_BYTES };
  const bytes = await readWithinTime(
    body,
    clock,
    () => readDecoded(response.body, response.headers, TOKEN_RESPONSE_MAX_BYTES, where),
  );
  const fields = parseFields(bytes, where);
  const token = secret(fields.token) ?? secret(fields.access_token);
  if (token === undefined) {
    throw new AppError("invalid_content", `Cannot read ${where}: it has no "token" or "access_token"`);
  }
  const refreshToken = secret(fields.refresh_token);
  const usableUntil = usableUntilOf(fields, clock.now());
  return refreshToken === undefined ? { token, usableUntil } : { token, usableUntil, refreshToken };
}

/** Drops the parser's error, which would quote the text, and that may be a bare token. */
function parseFields(bytes: Uint8Array<ArrayBuffer>, where: string): JsonObject {
  try {
    return parseJsonObject(bytes, where);
  } catch (error) {
    throw new AppError("invalid_content", messageOf(error));
  }
}

/** Returns a token that is valid in a header; undefined for any other value. */
function secret(value: unknown): string | undefined {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

function usableUntilOf(fields: JsonObject, now: number): number {
  const life = Number(fields.expires_in);
  const lifeMs = (Number.isFinite(life) && life > 0 ? life : DEFAULT_LIFE_S) * 1000;
  const issued = typeof fields.issued_at === "string" ? Date.parse(fields.issued_at) : NaN;
  // If the server's clock differs much from ours, its date would make the token appear not yet valid or expired.
  const start = issued <= now && issued > now - lifeMs ? issued : now;
  return start + lifeMs * USABLE_FRACTION;
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
  const { registry, realm, scopes, source, credential } = request;
  const { message } = await readErrorBody(response, clock, request.secrets);
  const retryAfter = retryAfterOf(response.headers, clock.now());
  return new AppError(
    code,
    `Cannot get a token for "${registry.host}": realm "${redactUrl(realm)}" responded with ${status} ` +
      `(${credential === undefined ? "no credentials were sent" : `credentials from ${source}`}; ` +
      `scope "${scopes.join(" ")}")${message === "" ? "" : `: ${message}`}`,
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
