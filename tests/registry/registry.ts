/**
 * The registry of the tests and of the demo.
 *
 * @module
 */
import type { Digest } from "../../src/oci/digest.ts";
import { type CertificateAuthority, createAuthority } from "../certificates/mod.ts";
import type { TestArtifact } from "../images/image.ts";
import type { TestResponse } from "./response.ts";
import { type AuthCheck, type AuthOptions, basicCheck, bearerCheck } from "./auth.ts";
import { RegistryContent } from "./content.ts";
import { type Fault, paced } from "./faults.ts";
import { RequestLog } from "./log.ts";
import { type FaultHandle, type FaultMatch, FaultPlan } from "./plan.ts";
import { respondToRoute, routeOf } from "./routes.ts";
import { type Exchange, type ServerOptions, TestServer } from "./server.ts";
import { TokenServer } from "./token_server.ts";

/** Options of a registry. */
export interface RegistryOptions {
  /** @default no authentication */
  readonly auth?: AuthOptions;
  /** Whether to use TLS, with a certificate from this authority or from a new one. @default {false} */
  readonly tls?: boolean | CertificateAuthority;
  /** Additional names in its certificate. */
  readonly certificateNames?: readonly string[];
  /** @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** @default a free port */
  readonly port?: number;
  /** Its content, which several registries can share. @default empty */
  readonly content?: RegistryContent;
  /** Limits each blob to about this many bytes per second, so that progress is visible. @default unlimited */
  readonly bytesPerSecond?: number;
  /** Called before a connection ends that should be reset: see `startResetRelay`. */
  readonly onReset?: (port: number) => void;
}

/** The names of a pushed artifact. */
export interface Pushed {
  /** `127.0.0.1:1234/team/app:v1`, or with the digest if it has no tag. */
  readonly reference: string;
  /** `127.0.0.1:1234/team/app@sha256:…`. */
  readonly byDigest: string;
  readonly digest: Digest;
}

/** A running registry. Dispose it last, because it waits for running responses. */
export class TestRegistry implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #tokenServer: TokenServer | undefined;
  readonly #faults = new FaultPlan();
  readonly #check: AuthCheck;
  readonly #bytesPerSecond: number | undefined;
  /** All requests, including those to the token server. */
  readonly requests = new RequestLog();
  /** Its content. */
  readonly content: RegistryContent;
  /** The authority of its certificate, if it uses TLS. */
  readonly authority: CertificateAuthority | undefined;

  /** Use {@linkcode startRegistry}. */
  constructor(
    options: RegistryOptions,
    tls: ServerOptions["tls"],
    authority: CertificateAuthority | undefined,
  ) {
    const { auth, bytesPerSecond } = options;
    const { hostname = "127.0.0.1", port = 0, onReset = () => {} } = options;
    const listen: ServerOptions = { hostname, onReset, ...(tls && { tls }) };
    this.content = options.content ?? new RegistryContent();
    this.authority = authority;
    this.#bytesPerSecond = bytesPerSecond;
    this.#server = new TestServer((exchange) => this.#response(exchange), { ...listen, port });
    if (auth?.kind === "bearer") {
      const tokens = new TokenServer(auth, { listen, requests: this.requests, faults: this.#faults });
      this.#tokenServer = tokens;
      this.#check = bearerCheck(auth, tokens.realm, tokens.issuer);
    } else {
      this.#check = auth === undefined ? () => undefined : basicCheck(auth);
    }
  }

  /** Host and port: the part before the first slash of a reference. */
  get host(): string {
    return this.#server.host;
  }

  /** `http://127.0.0.1:1234`. */
  get origin(): string {
    return this.#server.origin;
  }

  /** The token server's address, or undefined without one. */
  get tokenOrigin(): string | undefined {
    return this.#tokenServer?.origin;
  }

  /** The number of accepted connections. */
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
   * Plans faults for the next matching request. `match` may be the digest of the blob or document to GET.
   * Faults of one call are combined. The faults of several calls are applied in order, one call per request.
   */
  fault(match: FaultMatch | Digest, ...faults: readonly Fault[]): FaultHandle {
    return this.#faults.add(match, faults);
  }

  /** Expires all issued tokens. */
  expireTokens(): void {
    this.#tokenServer?.issuer.expireAll();
  }

  /** Closes all connections immediately. */
  closeConnections(): void {
    this.#server.closeConnections();
  }

  /** Stops it, and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#tokenServer?.[Symbol.asyncDispose]();
  }

  async #response(exchange: Exchange): Promise<TestResponse> {
    this.requests.add("registry", exchange);
    const route = routeOf(exchange.request.url.pathname);
    const refusal = this.#check(exchange.request, route);
    return await this.#faults.apply(route, exchange, refusal, ({ request }) => {
      const response = respondToRoute(this.content, route, request);
      return this.#bytesPerSecond && route.kind === "blob"
        ? paced(response, exchange, this.#bytesPerSecond)
        : response;
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
