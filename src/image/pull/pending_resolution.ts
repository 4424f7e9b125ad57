/**
 * The first question of a pull: what a name stands for. It can be asked before the store is open.
 *
 * @module
 */
import type { CredentialSource } from "../../content/credential.ts";
import type { Remote, Resolved, TransferRetry } from "../../content/remote.ts";
import type { Reference } from "../../oci/reference.ts";
import type { RemoteOpener } from "../model/deps.ts";

/** A question that is under way. */
export interface PendingResolution {
  /** Whom it was asked. */
  readonly remote: Remote;
  /**
   * The answer.
   *
   * @param onRetry hears of attempts that fail, those before the call included
   * @throws AppError as `Resolver.resolve` in `content/remote.ts`, or the signal's reason
   */
  answer(onRetry: (event: TransferRetry) => void): Promise<Resolved>;
}

/** Asks. Nobody needs to wait for the answer; the signal ends the question. */
export function startResolution(
  registry: RemoteOpener,
  reference: Reference,
  credentials: CredentialSource | undefined,
  signal: AbortSignal,
): PendingResolution {
  const remote = registry.remote(reference, credentials === undefined ? {} : { credentials });
  const early: TransferRetry[] = [];
  let tell = (event: TransferRetry): void => void early.push(event);
  const resolving = remote.resolve(reference, signal, (event) => tell(event));
  // A failure is for whoever waits for the answer.
  resolving.catch(() => {});
  return {
    remote,
    answer(onRetry) {
      early.splice(0).forEach(onRetry);
      tell = onRetry;
      return resolving;
    },
  };
}
