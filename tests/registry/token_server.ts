/**
 * A token server (distribution's token protocol) on loopback: of a test registry, or for a real one.
 *
 * @module
 */
import type { Answer } from "./answer.ts";
import type { BearerAuth } from "./auth.ts";
import { RequestLog } from "./log.ts";
import { FaultPlan } from "./plan.ts";
import { type Exchange, type ServerOptions, TestServer } from "./server.ts";
import { type MintToken, TokenIssuer } from "./token_issuer.ts";

/** How to serve tokens. */
export interface TokenServerOptions {
  /** Makes tokens; without it they are opaque and only {@linkcode TokenServer.issuer} knows them. */
  readonly mint?: MintToken;
  readonly listen?: ServerOptions;
  /** Where requests are written down. @default a log of its own */
  readonly requests?: RequestLog;
  /** Faults of kind `token` strike here. @default none */
  readonly faults?: FaultPlan;
}

/** A running token server. */
export class TokenServer implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #faults: FaultPlan;
  /** What it was asked. */
  readonly requests: RequestLog;
  /** Who gives the tokens. */
  readonly issuer: TokenIssuer;

  /** Listens at once. */
  constructor(auth: BearerAuth, options: TokenServerOptions = {}) {
    this.issuer = new TokenIssuer(auth, options.mint);
    this.requests = options.requests ?? new RequestLog();
    this.#faults = options.faults ?? new FaultPlan();
    this.#server = new TestServer((exchange) => this.#answer(exchange), options.listen);
  }

  /** `http://127.0.0.1:1234`. */
  get origin(): string {
    return this.#server.origin;
  }

  /** Where tokens are asked for: what challenges name. */
  get realm(): string {
    return `${this.origin}/token`;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(exchange: Exchange): Promise<Answer> {
    this.requests.add("token", exchange);
    const route = { kind: "token", repository: "", reference: "" } as const;
    return await this.#faults.apply(route, exchange, undefined, ({ request }) => this.issuer.answer(request));
  }
}
