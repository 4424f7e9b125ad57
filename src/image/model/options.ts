/**
 * Validating the options of a pull and filling in defaults.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { LARGE_WORKERS } from "../../base/tuning.ts";
import type { CredentialSource } from "../../content/credential.ts";
import { type Platform, platformOfBuild } from "../../oci/platform.ts";
import type { PullListener } from "./events.ts";
import type { PullOptions } from "./types.ts";

/** All options of a pull. */
export interface PullSettings {
  readonly platform: Platform;
  /** Whether the caller chose the platform. */
  readonly isExplicit: boolean;
  readonly allPlatforms: boolean;
  readonly jobs: number;
  /** Whether the caller chose the number of jobs. */
  readonly areJobsExplicit: boolean;
  readonly unpack: boolean;
  readonly credentials: CredentialSource | undefined;
  readonly onEvent: PullListener;
  readonly signal: AbortSignal;
}

/** More connections don't make a pull faster, and registries limit them. */
const MAX_JOBS = 64;

/** Validates the options and fills in the defaults. @throws AppError `invalid_argument` */
export function resolvePullOptions(options: PullOptions): PullSettings {
  const jobs = options.jobs ?? LARGE_WORKERS;
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > MAX_JOBS) {
    throw new AppError(
      "invalid_argument",
      `Cannot pull: jobs is ${jobs}; use a whole number from 1 to ${MAX_JOBS}`,
    );
  }
  if (options.allPlatforms && options.platform !== undefined) {
    throw new AppError("invalid_argument", "Cannot pull: choose one platform or all platforms, not both");
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
