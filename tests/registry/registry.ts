/**
 * The registry of the tests and of the demo.
 *
 * @module
 */
import type { Digest } from "../../src/oci/digest.ts";
import { type CertificateAuthority, createAuthority } from "../certificates/mod.ts";
import type { TestArtifact } from "../images/image.ts";
import type { Answer } from "./answer.ts";
import { type AuthCheck, type AuthOptions, basicCheck, bearerCheck } from "./auth.ts";
import { RegistryContent } from "./content.ts";
import { type Fault, paced } from "./faults.ts";
import { RequestLog } from "./log.ts";
import { type FaultHandle, type FaultMatch, FaultPlan } from "./plan.ts";
import { answerRoute, routeOf } from "./routes.ts";
import { type Exchange, type ServerOptions, TestServer } from "./server.ts";
import { TokenServer } from "./token_server.ts";

/** How a registry is to be. */
export interface RegistryOptions {
  /** @default open to everyone */
  readonly auth?: AuthOptions;
  /** Speak TLS, with a certificate of this authority or of a new one. @default {false} */
  readonly tls?: boolean | CertificateAuthority;
  /** Further names in its certificate. */
  readonly certificateNames?: readonly string[];
  /** @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** @default a free one */
  readonly port?: number;
  /** What it serves; give that of another registry to serve the same. @default nothing yet */
  readonly content?: RegistryContent;
  /** Slows each blob down to about so many bytes a second, so that there is something to see. @default not */
  readonly bytesPerSecond?: number;
}

/** A name for what was pushed. */
export interface Pushed {
  /** `127.0.0.1:1234/team/app:v1`, or with the digest if there is no tag. */
  readonly reference: string;
  /** `127.0.0.1:1234/team/app@sha256:…`. */
  readonly byDigest: string;
  readonly digest: Digest;
}

/** A running registry. Dispose it last: it waits for what it is sending. */
export class TestRegistry implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #tokenServer: TokenServer | undefined;
  readonly #faults = new FaultPlan();
  readonly #check: AuthCheck;
  readonly #bytesPerSecond: number | undefined;
  /** All requests, those to the token server too. */
  readonly requests = new RequestLog();
  /** What it serves. */
  readonly content: RegistryContent;
  /** Who signed its certificate, if it speaks TLS. */
  readonly authority: CertificateAuthority | undefined;

  /** Use {@linkcode startRegistry}. */
  constructor(
    options: RegistryOptions,
    tls: ServerOptions["tls"],
    authority: CertificateAuthority | undefined,
  ) {
    const { auth, bytesPerSecond } = options;
    const { hostname = "127.0.0.1", port = 0 } = options;
    const listen: ServerOptions = { hostname, ...(tls && { tls }) };
    this.content = options.content ?? new RegistryContent();
    this.authority = authority;
    this.#bytesPerSecond = bytesPerSecond;
    this.#server = new TestServer((exchange) => this.#answer(exchange), { ...listen, port });
    if (auth?.kind === "bearer") {
      const tokens = new TokenServer(auth, { listen, requests: this.requests, faults: this.#faults });
      this.#tokenServer = tokens;
      this.#check = bearerCheck(auth, tokens.realm, tokens.issuer);
    } else {
      this.#check = auth === undefined ? () => undefined : basicCheck(auth);
    }
  }

  /** Host and port: what stands before the slash in a reference. */
  get host(): string {
    return this.#server.host;
  }

  /** `http://127.0.0.1:1234`. */
  get origin(): string {
    return this.#server.origin;
  }

  /** The token server's address, if there is one. */
  get tokenOrigin(): string | undefined {
    return this.#tokenServer?.origin;
  }

  /** Connections that the registry accepted so far. */
  get connections(): number {
    return this.#server.connections;
  }

  /** Stores an image, under a tag if one is given. */
  push(repository: string, tag: string | undefined, artifact: TestArtifact): Pushed {
    this.content.push(repository, tag, artifact);
    const { digest } = artifact.root;
    const byDigest = `${this.host}/${repository}@${digest}`;
    return {
      reference: tag === undefined ? byDigest : `${this.host}/${repository}:${tag}`,
      byDigest,
      digest,
    };
  }

  /**
   * Orders faults for the next request that fits; `match` may be the digest of the blob or document to GET.
   * Faults in one order are combined. Several orders strike in their order, one a request.
   */
  fault(match: FaultMatch | Digest, ...faults: readonly Fault[]): FaultHandle {
    return this.#faults.add(match, faults);
  }

  /** Makes all tokens expire that were given so far. */
  expireTokens(): void {
    this.#tokenServer?.issuer.expireAll();
  }

  /** Breaks all connections at once. */
  closeConnections(): void {
    this.#server.closeConnections();
  }

  /** Ends it, and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#tokenServer?.[Symbol.asyncDispose]();
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    this.requests.add("registry", exchange);
    const route = routeOf(exchange.request.url.pathname);
    const refusal = this.#check(exchange.request, route);
    return await this.#faults.apply(route, exchange, refusal, ({ request }) => {
      const answer = answerRoute(this.content, route, request);
      return this.#bytesPerSecond && route.kind === "blob"
        ? paced(answer, exchange, this.#bytesPerSecond)
        : answer;
    });
  }
}

/**
 * Starts a registry on loopback.
 *
 * @example
 * ```ts
 * import { buildImage } from "../images/mod.ts";
 * import { cutAfter, startRegistry } from "./mod.ts";
 *
 * await using registry = await startRegistry();
 * const image = await buildImage();
 * const { reference } = registry.push("team/app", "v1", image);
 * registry.fault({ kind: "blob" }, cutAfter(100));
 * console.assert(reference.endsWith("/team/app:v1"));
 * ```
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  if (!options.tls) return new TestRegistry(options, undefined, undefined);
  const authority = options.tls === true ? await createAuthority() : options.tls;
  const names = [options.hostname ?? "127.0.0.1", "localhost", ...options.certificateNames ?? []];
  return new TestRegistry(options, await authority.issue(names), authority);
}
