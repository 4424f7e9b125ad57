/**
 * Resolving the name of a pull, which can start before the store is open.
 *
 * @module
 */
import type { CredentialSource } from "../../content/credential.ts";
import type { Remote, Resolved, TransferRetry } from "../../content/remote.ts";
import type { Reference } from "../../oci/reference.ts";
import type { RemoteOpener } from "../model/deps.ts";

/** A resolution that has been started. */
export interface PendingResolution {
  /** The repository that resolves the name. */
  readonly remote: Remote;
  /**
   * Waits for the result.
   *
   * @param onRetry called for each failed attempt, including those before this call
   * @throws AppError as `Resolver.resolve` in `content/remote.ts`, or the signal's reason
   */
  result(onRetry: (event: TransferRetry) => void): Promise<Resolved>;
}

/**
 * Starts to resolve a reference. The caller doesn't have to wait for the result; the signal cancels the
 * request.
 */
export function startResolution(
  registry: RemoteOpener,
  reference: Reference,
  credentials: CredentialSource | undefined,
  signal: AbortSignal,
): PendingResolution {
  const remote = registry.remote(reference, credentials === undefined ? {} : { credentials });
  const pendingRetries: TransferRetry[] = [];
  let report = (event: TransferRetry): void => void pendingRetries.push(event);
  const resolving = remote.resolve(reference, signal, (event) => report(event));
  // `result` reports a failure.
  resolving.catch(() => {});
  return {
    remote,
    result(onRetry) {
      pendingRetries.splice(0).forEach(onRetry);
      report = onRetry;
      return resolving;
    },
  };
}
