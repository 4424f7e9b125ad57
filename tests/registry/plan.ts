/**
 * The requests that a fault applies to, and how often.
 *
 * @module
 */
import type { Digest } from "../../src/oci/digest.ts";
import type { TestResponse } from "./response.ts";
import type { Fault } from "./faults.ts";
import type { Route } from "./routes.ts";
import type { Exchange } from "./server.ts";

/** The requests that a fault applies to. All given fields must match. */
export interface FaultMatch {
  /** @default all kinds; `token` is the token server */
  readonly kind?: Route["kind"] | "token";
  readonly method?: "GET" | "HEAD" | "POST";
  /** The tag or digest in the path. */
  readonly reference?: string;
  readonly repository?: string;
  /** Only requests with a range, or only those without. */
  readonly ranged?: boolean;
  /** Whether it applies to requests that are refused for their credentials. @default {false} */
  readonly refused?: boolean;
  /** Any other condition. */
  readonly when?: (exchange: Exchange) => boolean;
  /** The number of matching requests to skip first. @default {0} */
  readonly skip?: number;
  /** How often it applies. @default {1} */
  readonly times?: number;
}

/** The target of a request. */
export interface FaultRoute extends Omit<Route, "kind"> {
  readonly kind: Route["kind"] | "token";
}

/** A planned fault. */
export interface FaultHandle {
  /** How often it has been applied. */
  readonly struck: number;
  /** Resolves when it is applied the first time. */
  readonly first: Promise<void>;
  /** Removes it from the plan. */
  remove(): void;
}

class PlannedFault implements FaultHandle {
  readonly #first = Promise.withResolvers<void>();
  readonly first = this.#first.promise;
  readonly match: FaultMatch;
  readonly faults: readonly Fault[];
  seen = 0;
  struck = 0;
  removed = false;

  constructor(match: FaultMatch, faults: readonly Fault[]) {
    this.match = match;
    this.faults = faults;
  }

  remove(): void {
    this.removed = true;
  }

  /** Reports whether it applies to this request, and counts it. */
  takes(route: FaultRoute, exchange: Exchange, isRefused: boolean): boolean {
    const { kind, method, reference, repository, ranged, refused = false, when, skip = 0, times = 1 } =
      this.match;
    const { request } = exchange;
    const fits = refused === isRefused &&
      (kind === undefined || kind === route.kind) &&
      (method === undefined || method === request.method) &&
      (reference === undefined || reference === route.reference) &&
      (repository === undefined || repository === route.repository) &&
      (ranged === undefined || ranged === request.headers.has("range")) &&
      (when === undefined || when(exchange));
    if (!fits || this.removed || this.struck >= times || this.seen++ < skip) return false;
    this.struck++;
    this.#first.resolve();
    return true;
  }
}

/** The planned faults of a registry, in order. */
export class FaultPlan {
  readonly #planned: PlannedFault[] = [];

  /** Plans faults. A digest matches the blob or document with that digest. */
  add(match: FaultMatch | Digest, faults: readonly Fault[]): FaultHandle {
    const planned = new PlannedFault(
      typeof match === "string" ? { reference: match, method: "GET" } : match,
      faults,
    );
    this.#planned.push(planned);
    return planned;
  }

  /**
   * Returns the response to send, after applying the first planned fault that matches.
   *
   * @param refusal the response if the credentials are invalid
   * @param honest makes the correct response, to the request with or without its range
   */
  async apply(
    route: FaultRoute,
    exchange: Exchange,
    refusal: TestResponse | undefined,
    honest: (exchange: Exchange) => TestResponse | Promise<TestResponse>,
  ): Promise<TestResponse> {
    const planned = this.#planned.find((order) => order.takes(route, exchange, refusal !== undefined));
    if (planned === undefined) return refusal ?? await honest(exchange);
    const unranged = planned.faults.includes(ignoreRange);
    let response = refusal ?? await honest(unranged ? withoutRange(exchange) : exchange);
    for (const fault of planned.faults) response = await fault(response, exchange);
    return response;
  }
}

/** Responds with 200 and the whole blob, whatever the requested range. */
export function ignoreRange(response: TestResponse): TestResponse {
  return response;
}

function withoutRange(exchange: Exchange): Exchange {
  const headers = new Headers(exchange.request.headers);
  headers.delete("range");
  return { ...exchange, request: { ...exchange.request, headers } };
}
