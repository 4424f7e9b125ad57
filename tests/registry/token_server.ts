/**
 * A token server (distribution's token protocol) on loopback, for a test registry or a real one.
 *
 * @module
 */
import type { TestResponse } from "./response.ts";
import type { BearerAuth } from "./auth.ts";
import { RequestLog } from "./log.ts";
import { FaultPlan } from "./plan.ts";
import { type Exchange, type ServerOptions, TestServer } from "./server.ts";
import { type MintToken, TokenIssuer } from "./token_issuer.ts";

/** Options of a token server. */
export interface TokenServerOptions {
  /** Makes tokens. Without it they are opaque, and only {@linkcode TokenServer.issuer} can check them. */
  readonly mint?: MintToken;
  readonly listen?: ServerOptions;
  /** The log of requests. @default a new log */
  readonly requests?: RequestLog;
  /** The planned faults; those of kind `token` apply. @default none */
  readonly faults?: FaultPlan;
}

/** A running token server. */
export class TokenServer implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #faults: FaultPlan;
  /** The log of requests. */
  readonly requests: RequestLog;
  /** Issues the tokens. */
  readonly issuer: TokenIssuer;

  /** Starts to listen. */
  constructor(auth: BearerAuth, options: TokenServerOptions = {}) {
    this.issuer = new TokenIssuer(auth, options.mint);
    this.requests = options.requests ?? new RequestLog();
    this.#faults = options.faults ?? new FaultPlan();
    this.#server = new TestServer((exchange) => this.#response(exchange), options.listen);
  }

  /** `http://127.0.0.1:1234`. */
  get origin(): string {
    return this.#server.origin;
  }

  /** The address of token requests: the realm of challenges. */
  get realm(): string {
    return `${this.origin}/token`;
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #response(exchange: Exchange): Promise<TestResponse> {
    this.requests.add("token", exchange);
    const route = { kind: "token", repository: "", reference: "" } as const;
    return await this.#faults.apply(
      route,
      exchange,
      undefined,
      ({ request }) => this.issuer.response(request),
    );
  }
}
