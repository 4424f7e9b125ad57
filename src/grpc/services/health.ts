/**
 * The health service, `grpc.health.v1.Health`.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { HEALTH_PATHS } from "./health_descriptor.ts";
import { type Codec, type Method, type MethodTable, serverStream, unary } from "../wire/method.ts";
import { findText, numberField } from "../wire/wire.ts";

/** The health of a service. */
export type ServingStatus = "serving" | "not_serving" | "service_unknown";

const STATUS_NUMBERS = { serving: 1, not_serving: 2, service_unknown: 3 } as const satisfies Record<
  ServingStatus,
  number
>;

/** `HealthCheckRequest.service` and `HealthCheckResponse.status` are field 1. */
const CODEC: Codec<string, ServingStatus> = {
  decode: (bytes) => findText(bytes, 1),
  encode: (status) => numberField(1, STATUS_NUMBERS[status]),
};

/** The health of a server's services. The empty name means the whole server. */
export class Health {
  readonly #statuses = new Map<string, ServingStatus>([["", "serving"]]);
  #stopped = false;
  #changed = Promise.withResolvers<void>();

  /** Sets the status of a service and notifies its watchers. */
  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, status);
    this.#change();
  }

  /**
   * Sets all services to "not_serving" and ends all watches, which would otherwise delay a server's shutdown until the
   * end of the grace period.
   */
  stop(): void {
    this.#stopped = true;
    for (const service of this.#statuses.keys()) this.#statuses.set(service, "not_serving");
    this.#change();
  }

  /** Returns the methods `Check` and `Watch`, for a server's method table. */
  methods(): MethodTable {
    return new Map<string, Method>([
      [HEALTH_PATHS.check, unary(CODEC, (service) => this.#check(service))],
      [HEALTH_PATHS.watch, serverStream(CODEC, (service, _call, signal) => this.#watch(service, signal))],
    ]);
  }

  #check(service: string): ServingStatus {
    const status = this.#statuses.get(service);
    if (status) return status;
    throw new AppError("not_found", `Cannot check "${service}": unknown service`);
  }

  /** Streams the status. The stream of an unknown service stays open, because the service may be added later. */
  async *#watch(service: string, signal: AbortSignal): AsyncIterable<ServingStatus> {
    let lastSent: ServingStatus | undefined;
    while (!signal.aborted) {
      // Get the promise before the status, to notice a change while the client reads.
      const change = this.#changed.promise;
      const status = this.#statuses.get(service) ?? "service_unknown";
      if (status !== lastSent) yield lastSent = status;
      if (this.#stopped) return;
      await changeOrAbort(change, signal);
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Resolves at a change and at an abort. */
function changeOrAbort(change: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", finish, { once: true });
    change.then(finish);
    function finish() {
      signal.removeEventListener("abort", finish);
      resolve();
    }
  });
}
