/**
 * Sends authenticated requests to one repository at one host.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { Flight } from "../../base/concurrency/flight.ts";
import { redactUrl } from "../../base/redact.ts";
import { SecretSet } from "../../base/secret_set.ts";
import type { Credential, CredentialSource, FoundCredential } from "../../content/credential.ts";
import { isLoopbackHost } from "../../http/network/addresses.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { secretsInHeaders, secretsInUrl, secretsOf } from "./known_secrets.ts";
import { credentialNameOf, mirrorCredentials } from "./mirror_credentials.ts";
import { discardResponse } from "../../http/message/discard.ts";
import { WWW_AUTHENTICATE } from "../../http/message/http_names.ts";
import type { ApiRequest, RegistrySession } from "./registry_session.ts";
import type { HttpResponse, Transport } from "../../http/message/http_message.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import type { AddressPolicy } from "./address_policy.ts";
import { parseRealm, realmChecker } from "./realm.ts";
import { basicHeader, fetchToken } from "./token.ts";
import type { Scheme, TokenCache, TokenKey } from "./token_cache.ts";

/** The dependencies that all sessions share. */
export interface SessionDeps {
  readonly transport: Transport;
  readonly tokens: TokenCache;
  /** Judges realms and redirects. */
  readonly addresses: AddressPolicy;
  /** Whether secrets may be sent over plain HTTP to hosts other than loopback. @default {false} */
  readonly plainHttp?: boolean;
  /** Further secrets that a host could quote, such as a proxy's password. @default {[]} */
  readonly secrets?: readonly string[];
}

/**
 * Opens a session without sending anything. Credentials are looked up only once the host has asked for them: a public
 * image needs no helper program and no unlocked keychain.
 *
 * @param repository "" for requests to the registry as a whole, whose token has only the scope of the challenge
 * @param credentials called until it returned once. For a mirror it is called with the mirror's own name, and only if it
 * {@linkcode CredentialSource.isByName}
 */
export function openSession(
  host: RegistryHost,
  repository: string,
  credentials: CredentialSource,
  deps: SessionDeps,
): RegistrySession {
  return new Session(host, repository, credentials, deps);
}

/** The first attempt without a token, the second with one, the third with a token of a wider scope. */
const MAX_SENDS = 3;

/** The authorization of a request. */
type Authorization =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly header: string }
  /** A registry token of the user. */
  | { readonly kind: "given"; readonly header: string }
  | {
    readonly kind: "token";
    readonly header: string;
    readonly token: string;
    readonly key: TokenKey;
    readonly isFresh: boolean;
  };

/** Gets the authorization for the next attempt. */
type NextAuthorization = (signal: AbortSignal) => Promise<Authorization>;

type BearerScheme = Extract<Scheme, { kind: "bearer" }>;

const NONE: Authorization = { kind: "none" };

class Session implements RegistrySession {
  readonly host: RegistryHost;
  readonly #credentials: CredentialSource;
  readonly #repository: string;
  readonly #deps: SessionDeps;
  readonly secrets = new SecretSet();
  #found: FoundCredential | undefined;
  #isFound = false;
  readonly #lookups = new Flight<FoundCredential | undefined>();
  #identity: Promise<string> | undefined;
  /** Grows if a challenge names more scopes. */
  #scopes: readonly string[];

  constructor(host: RegistryHost, repository: string, credentials: CredentialSource, deps: SessionDeps) {
    this.host = host;
    this.#repository = repository;
    this.#credentials = host.isMirror ? mirrorCredentials(credentials) : credentials;
    this.#deps = deps;
    for (const secret of [...deps.secrets ?? [], ...secretsInHeaders(host.headers)]) this.secrets.add(secret);
    // Requests to the base of the API need a token without scope.
    this.#scopes = repository === "" ? [] : [`repository:${repository}:pull`];
  }

  get credentialSource(): string {
    return describeSource(this.#found);
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<HttpResponse> {
    let authorization = await this.#initialAuthorization(signal);
    for (let sends = 1;; sends++) {
      const response = await this.#sendWith(request, authorization, signal);
      let next: NextAuthorization | undefined;
      try {
        next = sends < MAX_SENDS
          ? await this.#authorizationAfter(response, authorization, signal)
          : undefined;
      } catch (error) {
        response[Symbol.dispose]();
        throw error;
      }
      if (next === undefined) return response;
      await discardResponse(response);
      authorization = await next(signal);
    }
  }

  async #sendWith(
    request: ApiRequest,
    authorization: Authorization,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = new URL(request.path, this.host.base);
    if (url.origin !== this.host.base.origin) {
      // A path such as "//other.example/" would send the credentials to another host.
      throw new AppError(
        "internal",
        `Cannot request "${redactUrl(url)}": it is not on host "${this.host.base.host}"`,
      );
    }
    const headers: Record<string, string> = { ...this.host.headers, ...request.headers };
    if (this.host.isMirror || this.host.isRenamed) {
      if (!url.searchParams.has("ns")) url.searchParams.set("ns", this.host.registry);
      headers["oci-namespace"] ??= this.host.registry;
    }
    if (authorization.kind !== "none") headers.authorization = authorization.header;
    const checkRedirect = (target: URL) => this.#checkRedirect(target);
    return await this.#deps.transport.send({ ...request, url, headers, checkRedirect }, signal);
  }

  async #checkRedirect(target: URL): Promise<void> {
    const { base } = this.host;
    const kind = await this.#deps.addresses.forbiddenKind(target, base);
    if (kind === undefined) return;
    throw new AppError(
      "network",
      `Cannot follow redirect of host "${base.host}" to "${redactUrl(target)}": ` +
        `it has a ${kind} address although the host doesn't`,
      { details: { host: base.host, reason: "redirect", isRetryable: false } },
    );
  }

  /** Looks up the credential; concurrent requests share the lookup. */
  async #findCredential(signal: AbortSignal): Promise<Credential | undefined> {
    if (!this.#isFound) {
      const { registry, repository } = credentialNameOf(this.host, this.#repository);
      this.#found = await this.#lookups.do(
        registry,
        (signal) => this.#credentials.findCredential(registry, repository, signal),
        signal,
      );
      this.#isFound = true;
      for (const secret of secretsOf(this.#found?.credential)) this.secrets.add(secret);
    }
    return this.#found?.credential;
  }

  /** The authorization of the first attempt: none unless the host has sent a challenge before. */
  async #initialAuthorization(signal: AbortSignal): Promise<Authorization> {
    const scheme = this.#deps.tokens.findScheme(this.host.base.origin);
    if (scheme === undefined || scheme.kind === "none") return NONE;
    const credential = await this.#findCredential(signal);
    if (credential?.kind === "bearer") return this.#given(credential.token);
    if (scheme.kind === "bearer") return await this.#tokenFor(scheme, this.#scopes, signal);
    return credential?.kind === "basic" ? this.#basic(credential) : NONE;
  }

  /** The authorization to retry a rejected request with, or undefined if the response is final. */
  async #authorizationAfter(
    response: HttpResponse,
    sent: Authorization,
    signal: AbortSignal,
  ): Promise<NextAuthorization | undefined> {
    // A redirect target on another origin must not receive credentials, not even through a realm in its challenge.
    if (response.url.origin !== this.host.base.origin) return undefined;
    if (response.status === 404 || response.status === 403 && !response.headers.has(WWW_AUTHENTICATE)) {
      return sent.kind === "none" ? await this.#authorizationOfBase(response.status, signal) : undefined;
    }
    if (response.status !== 401 && response.status !== 403) return undefined;
    const challenges = this.#challengesOf(response);
    const bearer = challenges.find(({ scheme, params }) => scheme === "bearer" && params.has("realm"));
    const isInsufficient = bearer?.params.get("error") === "insufficient_scope";
    // A 403 without credentials may be a challenge too.
    if (response.status === 403 && !isInsufficient && sent.kind !== "none") return undefined;
    return await this.#authorizationFor(challenges, response.status, sent, signal);
  }

  /** @param status of the response to the request itself */
  async #authorizationFor(
    challenges: readonly Challenge[],
    status: number,
    sent: Authorization,
    signal: AbortSignal,
  ): Promise<NextAuthorization | undefined> {
    const bearer = challenges.find(({ scheme, params }) => scheme === "bearer" && params.has("realm"));
    const acceptsBasic = challenges.some(({ scheme }) => scheme === "basic");
    const credential = await this.#findCredential(signal);
    if (credential?.kind === "bearer") {
      return sent.kind === "none" ? () => Promise.resolve(this.#given(credential.token)) : undefined;
    }
    if (bearer !== undefined) return this.#tokenAfter(bearer, sent);
    if (status === 401 && sent.kind === "none") {
      // Without a challenge and without a credential there is nothing to explain.
      const isExplained = challenges.length > 0 || credential !== undefined;
      if (acceptsBasic ? credential?.kind === "refresh" : isExplained) throw this.#noScheme(challenges);
    }
    if (!acceptsBasic || credential?.kind !== "basic" || sent.kind === "basic") return undefined;
    return () => {
      const basic = this.#basic(credential);
      this.#deps.tokens.recordScheme(this.host.base.origin, { kind: "basic" });
      return Promise.resolve(basic);
    };
  }

  /**
   * The authorization after a 403 or 404 without a challenge. Some registries send that to unauthenticated clients, and
   * a challenge only at the base of the API. The base is requested once per host.
   */
  async #authorizationOfBase(
    originalStatus: number,
    signal: AbortSignal,
  ): Promise<NextAuthorization | undefined> {
    const { tokens } = this.#deps;
    const { origin } = this.host.base;
    if (this.#repository === "" || tokens.findScheme(origin) !== undefined) return undefined;
    let response: HttpResponse;
    try {
      response = await this.#sendWith({ method: "GET", path: "" }, NONE, signal);
    } catch {
      signal.throwIfAborted();
      // The response to the request itself says more.
      return undefined;
    }
    const { status, url, headers } = response;
    await discardResponse(response);
    if (status < 300) tokens.recordScheme(origin, { kind: "none" });
    if (status !== 401 || url.origin !== origin) return undefined;
    const challenges = this.#challengesOf({ status, headers });
    const next = await this.#authorizationFor(challenges, originalStatus, NONE, signal);
    if (next === undefined || this.#found !== undefined) return next;
    try {
      const anonymous = await next(signal);
      return () => Promise.resolve(anonymous);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  #tokenAfter(challenge: Challenge, sent: Authorization): NextAuthorization | undefined {
    const { tokens } = this.#deps;
    const required = (challenge.params.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    const scopes = [...new Set([...this.#scopes, ...required])];
    const isWider = scopes.length > this.#scopes.length;
    if (sent.kind === "token" && !isWider) {
      // Requested for this very request: the host would reject another one too.
      if (sent.isFresh) return undefined;
      tokens.drop(sent.key, sent.token);
    }
    return async (signal) => {
      const { base } = this.host;
      const realm = parseRealm(challenge.params.get("realm") ?? "", base);
      const scheme: BearerScheme = { kind: "bearer", realm, service: challenge.params.get("service") ?? "" };
      const next = await this.#tokenFor(scheme, scopes, signal);
      this.#scopes = scopes;
      tokens.recordScheme(base.origin, scheme);
      return next;
    };
  }

  async #tokenFor(
    scheme: BearerScheme,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<Authorization> {
    const { tokens, transport } = this.#deps;
    const { base } = this.host;
    const credential = await this.#findCredential(signal);
    if (credential?.kind === "bearer") return this.#given(credential.token);
    for (const secret of secretsInUrl(scheme.realm)) this.secrets.addIssued(secret);
    const key: TokenKey = {
      registry: base.origin,
      realm: scheme.realm.href,
      service: scheme.service,
      scopes,
      identity: await (this.#identity ??= tokens.identityOf(credential)),
    };
    const { token, isFresh } = await tokens.token(key, async (signal) => {
      const checkRealm = await realmChecker(scheme.realm, base, this.#deps.addresses);
      // The realm receives the credential, and the registry the token.
      if (credential !== undefined) [scheme.realm, base].forEach((url) => this.#mustBePrivate(url));
      const successor = credential?.kind === "refresh" ? tokens.findRefreshToken(key) : undefined;
      const current = successor === undefined ? credential : { kind: "refresh", token: successor } as const;
      return await fetchToken(
        {
          realm: scheme.realm,
          service: scheme.service,
          scopes,
          ...(current === undefined ? {} : { credential: current }),
          source: this.credentialSource,
          registry: base,
          checkRealm,
          secrets: this.secrets,
        },
        transport,
        tokens.clock,
        signal,
      );
    }, signal);
    for (const secret of [token, tokens.findRefreshToken(key)]) {
      if (secret !== undefined) this.secrets.addIssued(secret);
    }
    return { kind: "token", header: `Bearer ${token}`, token, key, isFresh };
  }

  /** The error for a 401 that the credential can't satisfy. It says that no credentials were sent. */
  #noScheme(challenges: readonly Challenge[]): AppError {
    const { host } = this.host.base;
    const schemes = [...new Set(challenges.map(({ scheme }) => scheme))];
    const cause = causeOfNoScheme(schemes, this.credentialSource);
    return new AppError(
      "unauthorized",
      `Cannot authenticate to "${host}": it responded with 401 ${cause}; no credentials were sent`,
      { details: { host, status: 401, schemes } },
    );
  }

  #challengesOf(response: Pick<HttpResponse, "status" | "headers">): readonly Challenge[] {
    try {
      return parseChallenges(response.headers.get(WWW_AUTHENTICATE) ?? "");
    } catch (cause) {
      throw new AppError(
        "unauthorized",
        `Cannot authenticate to "${this.host.base.host}": it responded with ${response.status} and an invalid WWW-Authenticate header`,
        { cause, details: { host: this.host.base.host } },
      );
    }
  }

  #basic(credential: Extract<Credential, { kind: "basic" }>): Authorization {
    this.#mustBePrivate(this.host.base);
    return { kind: "basic", header: basicHeader(credential.username, credential.password) };
  }

  #given(token: string): Authorization {
    this.#mustBePrivate(this.host.base);
    return { kind: "given", header: `Bearer ${token}` };
  }

  /** Refuses to send secrets over plain HTTP, except to loopback and where the user allowed it. */
  #mustBePrivate(url: URL): void {
    if (url.protocol === "https:" || isLoopbackHost(url.hostname)) return;
    if (this.#deps.plainHttp === true || this.host.isPlainChosen === true) return;
    throw new AppError(
      "unauthorized",
      `Cannot send credentials from ${this.credentialSource} to "${
        redactUrl(url)
      }": it uses plain HTTP; use https or allow it with --plain-http`,
      { details: { host: url.host } },
    );
  }
}

function causeOfNoScheme(schemes: readonly string[], source: string): string {
  if (schemes.length === 0) {
    return "without a challenge that names an authentication scheme (WWW-Authenticate)";
  }
  const list = schemes.map((scheme) => `"${scheme}"`).join(", ");
  if (schemes.includes("basic")) {
    return `and accepts only ${list} authentication, but ${source} has an identity token instead of a password`;
  }
  if (schemes.includes("bearer")) return 'and the challenge "bearer" without a realm';
  return `and accepts only ${list} authentication, which is not supported; only Basic and Bearer are`;
}

/** The source and user of a credential, without its secret. */
function describeSource(found: FoundCredential | undefined): string {
  if (found === undefined) return "anonymous";
  const { credential, source } = found;
  return credential.kind === "basic" ? `${source}, user "${credential.username}"` : source;
}
