/**
 * Fetching the blobs of a plan into the store: in parallel, and each only once.
 *
 * @module
 */
import { AdaptiveConcurrency } from "../../base/concurrency/adaptive_concurrency.ts";
import { isCode } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import { mapBounded } from "../../base/concurrency/limiter.ts";
import {
  DISTANT_HOST_MS,
  LARGE_WORKER_MAX_RATE,
  LARGE_WORKERS_MAX,
  PARALLEL_MIN_SHARE,
  PIPELINED_MAX_BYTES,
  PRELOAD_HASH_MIN_COUNT,
  RATE_WINDOW_MS,
} from "../../base/tuning.ts";
import { copyBlob, type CopyEvent } from "../../content/copy.ts";
import type { Fetcher } from "../../content/remote.ts";
import type { Ingest, Ingester } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MANIFEST_MAX_BYTES } from "../../oci/document.ts";
import { findVerified, storeBytes } from "../model/documents.ts";
import type { ImageStorage } from "../model/deps.ts";
import type { BlobState, PullListener } from "../model/events.ts";
import type { RequiredBlob } from "../model/plan.ts";
import { groupBySize } from "./size_groups.ts";

/** Where the bytes of the blobs came from. */
export interface FetchResult {
  /** Bytes received over the network. */
  readonly fetched: number;
  /** Bytes of blobs that were already stored. */
  readonly present: number;
}

/** What `fetchBlobs` works with. */
export interface FetchContext {
  readonly store: ImageStorage;
  readonly fetcher: Fetcher;
  /** Large blobs to fetch in parallel. */
  readonly jobs: number;
  /** Whether more large blobs may be fetched in parallel if that is faster. @default {false} */
  readonly isAdaptive?: boolean;
  readonly onEvent: PullListener;
  /** Called as soon as a blob is in the store. */
  readonly onStored?: (digest: Digest) => void;
}

/**
 * Fetches every blob that the store doesn't have.
 *
 * @throws AppError the first failure, after all other transfers have ended, or the signal's reason
 */
export async function fetchBlobs(
  blobs: readonly RequiredBlob[],
  context: FetchContext,
  signal: AbortSignal,
): Promise<FetchResult> {
  const { store, onEvent, onStored = () => {} } = context;
  const states = await Promise.all(
    blobs.map((blob) => isCheckedLater(blob) ? "unknown" : stateOf(store, blob)),
  );
  const missing: MissingBlob[] = [];
  let present = 0;
  blobs.forEach((blob, i) => {
    const { digest, size } = blob.descriptor;
    const state = states[i];
    if (state === "intact") {
      present += size;
      onEvent({ kind: "blob", digest, state: "present", offset: size, size });
      onStored(digest);
    } else {
      missing.push({ ...blob, state: state ?? "unknown" });
      onEvent({ kind: "blob", digest, state: "waiting", offset: 0, size });
    }
  });
  // Larger blobs load it anyway.
  if (missing.length >= PRELOAD_HASH_MIN_COUNT) await loadHashing();
  const total = sum(missing.map(({ descriptor }) => descriptor.size));
  const { large, others } = groupBySize(missing, context.jobs);
  // If all large blobs start immediately, there is nothing to adapt.
  const concurrency = context.isAdaptive && large.blobs.length > large.workers
    ? adaptiveConcurrency(large.workers)
    : undefined;
  const onBegin = (raise: (by: number) => void) => concurrency?.start(raise);
  const groups = [{ ...large, onBegin }, ...others].filter(({ blobs }) => blobs.length > 0);
  const parallel = withParallelReads(context.fetcher);
  let fetched = 0;
  await mapBounded(groups, groups.length, async ({ blobs, workers, onBegin }, inner) => {
    const work = async (blob: MissingBlob, own: AbortSignal) => {
      const { size, digest } = blob.descriptor;
      const fetcher = size > total * PARALLEL_MIN_SHARE ? parallel : context.fetcher;
      const result = await fetchUnchecked(blob, { ...context, fetcher, concurrency }, own);
      fetched += result.fetched;
      present += result.present;
      onStored(digest);
    };
    await mapBounded(blobs, workers, work, inner, onBegin);
  }, signal);
  return { fetched, present };
}

/**
 * Whether to look for a blob only when it is ingested: hundreds of small layers would otherwise be looked up
 * before the first request is sent.
 */
function isCheckedLater({ role, descriptor }: RequiredBlob): boolean {
  return role === "layer" && descriptor.size <= PIPELINED_MAX_BYTES;
}

/**
 * Whether a blob must be fetched. Documents and configs are hashed, since the next step reads them. Of a
 * layer only the size is compared: it was verified when it was committed, and `verify` detects later damage.
 */
async function stateOf(
  store: ImageStorage,
  { descriptor, role }: RequiredBlob,
): Promise<"intact" | "damaged" | "missing"> {
  const info = await store.findBlob(descriptor.digest);
  if (info === undefined) return "missing";
  if (info.size !== descriptor.size) return "damaged";
  if (role === "layer" || info.size > MANIFEST_MAX_BYTES) return "intact";
  return await findVerified(store, descriptor, MANIFEST_MAX_BYTES) === undefined ? "damaged" : "intact";
}

interface MissingBlob extends RequiredBlob {
  /** `damaged`: the store has other bytes under this digest; `unknown`: not looked up yet. */
  readonly state: "missing" | "damaged" | "unknown";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

function adaptiveConcurrency(workers: number): AdaptiveConcurrency {
  return new AdaptiveConcurrency({
    workers,
    maxWorkers: LARGE_WORKERS_MAX,
    windowMs: RATE_WINDOW_MS,
    maxRatePerWorker: LARGE_WORKER_MAX_RATE,
    onlySteadyRates: true,
    distantMs: DISTANT_HOST_MS,
  });
}

interface AdaptiveContext extends FetchContext {
  readonly concurrency: AdaptiveConcurrency | undefined;
}

/** Fetches a blob whose state may be unknown, and replaces it if it turns out to be damaged. */
async function fetchUnchecked(
  blob: MissingBlob,
  context: AdaptiveContext,
  signal: AbortSignal,
): Promise<FetchResult> {
  try {
    return await fetchBlob(blob, context, signal);
  } catch (error) {
    if (blob.state !== "unknown" || signal.aborted || !isCode(error, "size_mismatch")) throw error;
    if (await stateOf(context.store, blob) !== "damaged") throw error;
    return await fetchBlob({ ...blob, state: "damaged" }, context, signal);
  }
}

async function fetchBlob(
  blob: MissingBlob,
  context: AdaptiveContext,
  signal: AbortSignal,
): Promise<FetchResult> {
  const { descriptor, bytes } = blob;
  const { store, onEvent } = context;
  const { digest, size } = descriptor;
  const report = (state: BlobState, offset: number) => onEvent({ kind: "blob", digest, state, offset, size });
  if (bytes !== undefined && blob.state !== "damaged") {
    await storeBytes(store, descriptor, bytes, signal);
    report("committed", size);
    return { fetched: bytes.length, present: 0 };
  }
  const ingester = blob.state === "damaged" ? replacing(store) : store;
  const result = await copyBlob(
    context.fetcher,
    ingester,
    descriptor,
    copyListener(descriptor, context),
    signal,
  );
  report(result.created ? "committed" : "present", size);
  const wasStored = blob.state === "unknown" && !result.created;
  return { fetched: result.fetched, present: wasStored ? size : 0 };
}

function withParallelReads(fetcher: Fetcher): Fetcher {
  return {
    fetch: (descriptor, options, signal) =>
      fetcher.fetch(descriptor, { ...options, strategy: "parallel" }, signal),
  };
}

/** An ingester whose commits replace a damaged blob. */
export function replacing(
  store: { beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> },
): Ingester {
  return { beginIngest: (descriptor, signal) => store.beginReplacement(descriptor, signal) };
}

/** Reports the events of a copy as those of a pull, and measures them. */
function copyListener(
  { digest, size }: Descriptor,
  { onEvent, concurrency }: AdaptiveContext,
): (event: CopyEvent) => void {
  let offset = 0;
  return (event) => {
    switch (event.kind) {
      case "wait":
        concurrency?.freeze();
        return onEvent({ kind: "waiting", for: "writer", digest });
      case "begin":
        concurrency?.recordResponse();
        offset = event.offset;
        return onEvent({ kind: "blob", digest, state: "fetching", offset, size, host: event.host });
      case "bytes":
        concurrency?.record(event.offset - offset);
        offset = event.offset;
        return onEvent({ kind: "bytes", digest, offset, size });
      case "commit":
        return onEvent({ kind: "blob", digest, state: "committing", offset: size, size });
      case "retry":
        concurrency?.freeze();
        return onEvent({ ...event, digest });
      case "restart":
        return onEvent({ ...event, digest });
    }
  };
}
