/**
 * Options of a pull, resolved once.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { CredentialSource } from "../../content/credential.ts";
import { type Platform, platformOfBuild } from "../../oci/platform.ts";
import type { PullListener } from "./events.ts";
import type { PullOptions } from "./types.ts";

/** Every option of a pull with its value. */
export interface PullSettings {
  readonly platform: Platform;
  /** Whether the caller named the platform. */
  readonly isExplicit: boolean;
  readonly allPlatforms: boolean;
  readonly jobs: number;
  /** Whether the caller named the number of jobs. */
  readonly areJobsExplicit: boolean;
  readonly unpack: boolean;
  readonly credentials: CredentialSource | undefined;
  readonly onEvent: PullListener;
  readonly signal: AbortSignal;
}

const DEFAULT_JOBS = 6;

/** More connections than this help no transfer and anger registries. */
const MAX_JOBS = 64;

/** @throws AppError `invalid_argument` */
export function resolvePullOptions(options: PullOptions): PullSettings {
  const jobs = options.jobs ?? DEFAULT_JOBS;
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > MAX_JOBS) {
    throw new AppError(
      "invalid_argument",
      `Cannot pull: jobs is ${jobs}, want a whole number from 1 to ${MAX_JOBS}`,
    );
  }
  if (options.allPlatforms && options.platform !== undefined) {
    throw new AppError(
      "invalid_argument",
      "Cannot pull: one platform and all platforms were asked for at once",
    );
  }
  return {
    platform: options.platform ?? platformOfBuild(Deno.build),
    isExplicit: options.platform !== undefined,
    allPlatforms: options.allPlatforms ?? false,
    jobs,
    areJobsExplicit: options.jobs !== undefined,
    unpack: options.unpack ?? false,
    credentials: options.credentials,
    onEvent: options.onEvent ?? (() => {}),
    signal: options.signal ?? neverAborted(),
  };
}
