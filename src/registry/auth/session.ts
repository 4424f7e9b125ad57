/**
 * One repository at one host, with the right credentials for each request.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { Flight } from "../../base/flight.ts";
import { redactUrl } from "../../base/redact.ts";
import type { Credential, CredentialSource, FoundCredential } from "../../content/credential.ts";
import { isLoopbackHost } from "../../http/network/addresses.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { discardResponse } from "../../http/message/discard.ts";
import type { ApiRequest, RegistrySession } from "./registry_session.ts";
import type { HttpResponse, Transport } from "../../http/message/http_message.ts";
import type { RegistryHost } from "../../content/registry_host.ts";
import { type AddressLookup, lookupAddresses, parseRealm, realmChecker } from "./realm.ts";
import { basicHeader, fetchToken } from "./token.ts";
import type { Scheme, TokenCache, TokenKey } from "./token_cache.ts";

/** What sessions share. */
export interface SessionDeps {
  readonly transport: Transport;
  readonly tokens: TokenCache;
  /** Whether secrets may go over plain http to hosts other than this machine. @default {false} */
  readonly plainHttp?: boolean;
  /** Finds the addresses of the registry's name, asked only when a realm is a private address. */
  readonly lookup?: AddressLookup;
}

/**
 * Opens a session; nothing is sent yet. The first request goes out without waiting for credentials unless the host
 * is known to want them: who has none loses no time, and who has some loses no more than the host's 401.
 *
 * @param repository "" for requests to the registry as a whole: their token has no scope but what the host asks for
 * @param credentials asked once, and only for a host that is no mirror
 */
export function openSession(
  host: RegistryHost,
  repository: string,
  credentials: CredentialSource,
  deps: SessionDeps,
): RegistrySession {
  return new Session(host, repository, credentials, deps);
}

/** A request may be refused for want of a token, and then for want of a wider one. */
const MAX_SENDS = 3;

/** What went along with a request. */
type Sent =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly header: string }
  | { readonly kind: "given"; readonly header: string }
  | {
    readonly kind: "token";
    readonly header: string;
    readonly token: string;
    readonly key: TokenKey;
    readonly isFresh: boolean;
  };

/** Gets what to send instead. */
type Plan = (signal: AbortSignal) => Promise<Sent>;

type BearerScheme = Extract<Scheme, { kind: "bearer" }>;

const NOTHING: Sent = { kind: "none" };

class Session implements RegistrySession {
  readonly host: RegistryHost;
  readonly #credentials: CredentialSource;
  readonly #repository: string;
  readonly #deps: SessionDeps;
  #found: FoundCredential | undefined;
  #isFound = false;
  readonly #lookup = new Flight<FoundCredential | undefined>();
  #identity: Promise<string> | undefined;
  /** Grows when the host asks for more. */
  #scopes: readonly string[];

  constructor(host: RegistryHost, repository: string, credentials: CredentialSource, deps: SessionDeps) {
    this.host = host;
    this.#repository = repository;
    this.#credentials = credentials;
    this.#deps = deps;
    // Without a repository the base of the API is asked, for which a token needs no scope.
    this.#scopes = repository === "" ? [] : [`repository:${repository}:pull`];
  }

  get credentialSource(): string {
    return describeSource(this.#found);
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<HttpResponse> {
    const lookup = this.#findCredential(signal);
    // It may fail while the request is under way; who awaits it below hears of it.
    lookup.catch(() => {});
    let sent = await this.#upFront(lookup, signal);
    for (let sends = 1;; sends++) {
      const response = await this.#sendWith(request, sent, signal);
      let plan: Plan | undefined;
      try {
        await lookup;
        plan = sends < MAX_SENDS ? this.#planAfter(response, sent) : undefined;
      } catch (error) {
        response[Symbol.dispose]();
        throw error;
      }
      if (plan === undefined) return response;
      await discardResponse(response);
      sent = await plan(signal);
    }
  }

  async #sendWith(request: ApiRequest, sent: Sent, signal: AbortSignal): Promise<HttpResponse> {
    const url = new URL(request.path, this.host.base);
    if (url.origin !== this.host.base.origin) {
      // A path such as "//other.example/" would take the credentials along.
      throw new AppError("internal", `Cannot ask "${this.host.base.host}" for "${redactUrl(url)}"`);
    }
    const headers: Record<string, string> = { ...this.host.headers, ...request.headers };
    if (this.host.isMirror) {
      if (!url.searchParams.has("ns")) url.searchParams.set("ns", this.host.registry);
      headers["oci-namespace"] ??= this.host.registry;
    }
    if (sent.kind !== "none") headers.authorization = sent.header;
    return await this.#deps.transport.send({ ...request, url, headers }, signal);
  }

  /** Finds the credential, once for all requests that wait for it. A mirror gets none of the registry's. */
  async #findCredential(signal: AbortSignal): Promise<void> {
    if (this.#isFound || this.host.isMirror) return;
    const { registry } = this.host;
    this.#found = await this.#lookup.do(
      registry,
      (signal) => this.#credentials.findCredential(registry, this.#repository, signal),
      signal,
    );
    this.#isFound = true;
  }

  /** What to send along at once, because the host is known to want it. */
  async #upFront(lookup: Promise<void>, signal: AbortSignal): Promise<Sent> {
    const scheme = this.#deps.tokens.findScheme(this.host.base.origin);
    if (scheme === undefined) return NOTHING;
    await lookup;
    const credential = this.#found?.credential;
    if (credential?.kind === "bearer") return this.#given(credential.token);
    if (scheme.kind === "bearer") return await this.#tokenFor(scheme, this.#scopes, signal);
    return credential?.kind === "basic" ? this.#basic(credential) : NOTHING;
  }

  /** What to do about a refusal, or undefined if the response is final. */
  #planAfter(response: HttpResponse, sent: Sent): Plan | undefined {
    // Where a redirect led is none of the registry's: it gets no credentials, whatever it asks for.
    if (response.url.origin !== this.host.base.origin) return undefined;
    if (response.status !== 401 && response.status !== 403) return undefined;
    const credential = this.#found?.credential;
    if (credential?.kind === "bearer") {
      return sent.kind === "none" ? () => Promise.resolve(this.#given(credential.token)) : undefined;
    }
    const challenges = this.#challengesOf(response);
    const bearer = challenges.find(({ scheme, params }) => scheme === "bearer" && params.has("realm"));
    if (response.status === 403 && bearer?.params.get("error") !== "insufficient_scope") return undefined;
    if (bearer !== undefined) return this.#planToken(bearer, sent);
    const isBasicAsked = challenges.some(({ scheme }) => scheme === "basic");
    if (!isBasicAsked || credential?.kind !== "basic" || sent.kind === "basic") return undefined;
    return () => {
      const basic = this.#basic(credential);
      this.#deps.tokens.rememberScheme(this.host.base.origin, { kind: "basic" });
      return Promise.resolve(basic);
    };
  }

  #planToken(challenge: Challenge, sent: Sent): Plan | undefined {
    const { tokens } = this.#deps;
    const asked = (challenge.params.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    const scopes = [...new Set([...this.#scopes, ...asked])];
    const isWider = scopes.length > this.#scopes.length;
    if (sent.kind === "token" && !isWider) {
      // Made for this very request: another one would be refused as well.
      if (sent.isFresh) return undefined;
      tokens.drop(sent.key, sent.token);
    }
    return async (signal) => {
      const { base } = this.host;
      const realm = parseRealm(challenge.params.get("realm") ?? "", base);
      const scheme: BearerScheme = { kind: "bearer", realm, service: challenge.params.get("service") ?? "" };
      const next = await this.#tokenFor(scheme, scopes, signal);
      this.#scopes = scopes;
      tokens.rememberScheme(base.origin, scheme);
      return next;
    };
  }

  async #tokenFor(
    scheme: BearerScheme,
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<Sent> {
    const { tokens, transport, lookup } = this.#deps;
    const { base } = this.host;
    const credential = this.#found?.credential;
    if (credential?.kind === "bearer") return this.#given(credential.token);
    const key: TokenKey = {
      registry: base.origin,
      realm: scheme.realm.href,
      service: scheme.service,
      scopes,
      identity: await (this.#identity ??= tokens.identityOf(credential)),
    };
    const { token, isFresh } = await tokens.token(key, async (signal) => {
      const checkRealm = await realmChecker(scheme.realm, base, lookup ?? lookupAddresses);
      // The password goes to the realm, and what it gets to the registry.
      if (credential !== undefined) [scheme.realm, base].forEach((url) => this.#checkPrivacy(url));
      const refresh = credential?.kind === "refresh" ? tokens.findRefreshToken(key) : undefined;
      const used = refresh === undefined ? credential : { kind: "refresh", token: refresh } as const;
      return await fetchToken(
        {
          realm: scheme.realm,
          service: scheme.service,
          scopes,
          ...(used === undefined ? {} : { credential: used }),
          source: this.credentialSource,
          registry: base,
          checkRealm,
        },
        transport,
        tokens.clock,
        signal,
      );
    }, signal);
    return { kind: "token", header: `Bearer ${token}`, token, key, isFresh };
  }

  #challengesOf(response: HttpResponse): readonly Challenge[] {
    try {
      return parseChallenges(response.headers.get("www-authenticate") ?? "");
    } catch (cause) {
      throw new AppError(
        "unauthorized",
        `Cannot authenticate to "${this.host.base.host}": it answered ${response.status} with a WWW-Authenticate header that can't be read`,
        { cause, details: { host: this.host.base.host } },
      );
    }
  }

  #basic(credential: Extract<Credential, { kind: "basic" }>): Sent {
    this.#checkPrivacy(this.host.base);
    return { kind: "basic", header: basicHeader(credential.username, credential.password) };
  }

  #given(token: string): Sent {
    this.#checkPrivacy(this.host.base);
    return { kind: "given", header: `Bearer ${token}` };
  }

  /** Secrets in plain text go to this machine alone, or where the user said so. */
  #checkPrivacy(url: URL): void {
    if (url.protocol === "https:" || isLoopbackHost(url.hostname)) return;
    if (this.#deps.plainHttp === true || this.host.isPlainChosen === true) return;
    throw new AppError(
      "unauthorized",
      `Cannot send credentials (${this.credentialSource}) to "${
        redactUrl(url)
      }": it is plain http, want https or --plain-http`,
      { details: { host: url.host } },
    );
  }
}

/** The credential's origin and user, with no secret. */
function describeSource(found: FoundCredential | undefined): string {
  if (found === undefined) return "anonymous";
  const { credential, source } = found;
  return credential.kind === "basic" ? `${source}, user "${credential.username}"` : source;
}
