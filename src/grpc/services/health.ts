/**
 * `grpc.health.v1.Health`: whether services are served.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { HEALTH_PATHS } from "./health_descriptor.ts";
import { type Codec, type Method, type MethodTable, serverStream, unary } from "../wire/method.ts";
import { findText, numberField } from "../wire/wire.ts";

/** What a service is said to be. */
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

/** The health of a server's services. The empty name stands for the server as a whole. */
export class Health {
  readonly #statuses = new Map<string, ServingStatus>([["", "serving"]]);
  #stopped = false;
  #changed = Promise.withResolvers<void>();

  /** Sets a service's status, and tells those who watch it. */
  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, status);
    this.#change();
  }

  /**
   * Says of all services that they are not served, and ends the watching, which would otherwise hold up a server's
   * shutdown until its grace is over.
   */
  stop(): void {
    this.#stopped = true;
    for (const service of this.#statuses.keys()) this.#statuses.set(service, "not_serving");
    this.#change();
  }

  /** The methods `Check` and `Watch`, to be added to a server's table. */
  methods(): MethodTable {
    return new Map<string, Method>([
      [HEALTH_PATHS.check, unary(CODEC, (service) => this.#check(service))],
      [HEALTH_PATHS.watch, serverStream(CODEC, (service, _call, signal) => this.#watch(service, signal))],
    ]);
  }

  #check(service: string): ServingStatus {
    const status = this.#statuses.get(service);
    if (status) return status;
    throw new AppError("not_found", `Cannot check "${service}": no such service is known`);
  }

  /** An unknown service may become known, so the stream goes on. */
  async *#watch(service: string, signal: AbortSignal): AsyncIterable<ServingStatus> {
    let told: ServingStatus | undefined;
    while (!signal.aborted) {
      // Taken before the status, so that a change while the client reads is not missed.
      const change = this.#changed.promise;
      const status = this.#statuses.get(service) ?? "service_unknown";
      if (status !== told) yield told = status;
      if (this.#stopped) return;
      await changeOrAbort(change, signal);
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Resolves in both cases, so that a watcher just ends. */
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
