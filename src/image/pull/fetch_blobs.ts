/**
 * Bringing the blobs of a plan into the store: several at once, each one once.
 *
 * @module
 */
import { isCode } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import { mapBounded } from "../../base/limiter.ts";
import { copyBlob, type CopyEvent } from "../../content/copy.ts";
import type { Fetcher } from "../../content/remote.ts";
import type { Ingest, Ingester } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MANIFEST_MAX_BYTES } from "../../oci/document.ts";
import { findVerified, storeBytes } from "../model/documents.ts";
import type { ImageStorage } from "../model/deps.ts";
import type { BlobState, PullListener } from "../model/events.ts";
import { AdaptiveConcurrency } from "./adaptive_concurrency.ts";
import type { RequiredBlob } from "../model/plan.ts";
import { bySize, TINY_MAX_BYTES } from "./size_classes.ts";

/** Blobs from which on the streaming hash is worth its loading, however small they are: 20 ms against 0.03 each. */
const MANY_BLOBS = 600;

/** A blob with more than this of all the bytes is what the others wait for in the end. */
const DOMINANT_SHARE = 0.5;

/** What bringing the blobs took. */
export interface FetchResult {
  /** Bytes that came over the network. */
  readonly fetched: number;
  /** Bytes of blobs that were here before. */
  readonly present: number;
}

/** What `fetchBlobs` works with. */
export interface FetchContext {
  readonly store: ImageStorage;
  readonly fetcher: Fetcher;
  /** Large blobs at once. */
  readonly jobs: number;
  /** Whether there may be more of them where each connection is slow. */
  readonly mayGrow?: boolean;
  readonly onEvent: PullListener;
  /** Hears of each blob as soon as it is in the store. */
  readonly onStored?: (digest: Digest) => void;
}

/**
 * Brings every blob that is not in the store.
 *
 * @throws AppError the first failure, after all others were stopped, or the signal's reason
 */
export async function fetchBlobs(
  blobs: readonly RequiredBlob[],
  context: FetchContext,
  signal: AbortSignal,
): Promise<FetchResult> {
  const { store, onEvent, onStored = () => {} } = context;
  const states = await Promise.all(
    blobs.map((blob) => isLookedAtLate(blob) ? "unknown" : stateOf(store, blob)),
  );
  const missing: Job[] = [];
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
  // Loading takes as long as what it saves on so many small ones; a larger one loads it by itself.
  if (missing.length >= MANY_BLOBS) await loadHashing();
  const all = sum(missing.map(({ descriptor }) => descriptor.size));
  const { large, others } = bySize(missing, context.jobs);
  // Where all go at once anyway there is nothing to watch.
  const growth = context.mayGrow && large.jobs.length > large.limit
    ? new AdaptiveConcurrency(large.limit)
    : undefined;
  const growing = { ...context, growth };
  const dominated = { ...growing, fetcher: dominating(context.fetcher) };
  const contextOf = ({ descriptor }: Job) => descriptor.size > all * DOMINANT_SHARE ? dominated : growing;
  const classes = [{ ...large, onBegin: (raise: (by: number) => void) => growth?.start(raise) }, ...others]
    .filter(({ jobs }) => jobs.length > 0);
  let fetched = 0;
  await mapBounded(classes, classes.length, async ({ jobs, limit, onBegin }, inner) => {
    const work = async (job: Job, own: AbortSignal) => {
      const brought = await bringAnyhow(job, contextOf(job), own);
      fetched += brought.fetched;
      present += brought.present;
      onStored(job.descriptor.digest);
    };
    await mapBounded(jobs, limit, work, inner, onBegin);
  }, signal);
  return { fetched, present };
}

/**
 * Whether a blob is not worth a look ahead: who brings a tiny layer looks for it anyway, and hundreds of looks would
 * keep the first request waiting.
 */
function isLookedAtLate({ role, descriptor }: RequiredBlob): boolean {
  return role === "layer" && descriptor.size <= TINY_MAX_BYTES;
}

/**
 * Whether a blob has to be brought. Documents and configs are hashed, since the next step reads them; a layer is
 * compared by its size alone, since it was verified when it was committed, and `verify` is there for the disk's errors.
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

interface Job extends RequiredBlob {
  /** `damaged`: other bytes stand where the blob should be. */
  readonly state: "missing" | "damaged" | "unknown";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

/** A context that may grow with what comes. */
interface GrowingContext extends FetchContext {
  readonly growth: AdaptiveConcurrency | undefined;
}

/** Brings a blob that nobody has looked at, over a damaged one if that turns up. */
async function bringAnyhow(job: Job, context: GrowingContext, signal: AbortSignal): Promise<FetchResult> {
  try {
    return await bringBlob(job, context, signal);
  } catch (error) {
    if (job.state !== "unknown" || signal.aborted || !isCode(error, "size_mismatch")) throw error;
    if (await stateOf(context.store, job) !== "damaged") throw error;
    return await bringBlob({ ...job, state: "damaged" }, context, signal);
  }
}

async function bringBlob(job: Job, context: GrowingContext, signal: AbortSignal): Promise<FetchResult> {
  const { descriptor, bytes } = job;
  const { store, onEvent } = context;
  const { digest, size } = descriptor;
  const tell = (state: BlobState, offset: number) => onEvent({ kind: "blob", digest, state, offset, size });
  if (bytes !== undefined && job.state !== "damaged") {
    await storeBytes(store, descriptor, bytes, signal);
    tell("committed", size);
    return { fetched: bytes.length, present: 0 };
  }
  const ingester = job.state === "damaged" ? replacing(store) : store;
  const result = await copyBlob(
    context.fetcher,
    ingester,
    descriptor,
    translate(descriptor, context),
    signal,
  );
  tell(result.created ? "committed" : "present", size);
  const wasHere = job.state === "unknown" && !result.created;
  return { fetched: result.fetched, present: wasHere ? size : 0 };
}

function dominating(fetcher: Fetcher): Fetcher {
  return {
    fetch: (descriptor, options, signal) =>
      fetcher.fetch(descriptor, { ...options, isDominant: true }, signal),
  };
}

/** An ingester whose commits swap the new blob in over the damaged one. */
export function replacing(
  store: { beginReplacement(descriptor: Descriptor, signal: AbortSignal): Promise<Ingest> },
): Ingester {
  return { beginIngest: (descriptor, signal) => store.beginReplacement(descriptor, signal) };
}

function translate(
  { digest, size }: Descriptor,
  { onEvent, growth }: GrowingContext,
): (event: CopyEvent) => void {
  let offset = 0;
  return (event) => {
    switch (event.kind) {
      case "wait":
        growth?.giveUp();
        return onEvent({ kind: "waiting", for: "writer", digest });
      case "begin":
        growth?.answer();
        offset = event.offset;
        return onEvent({ kind: "blob", digest, state: "fetching", offset, size, host: event.host });
      case "bytes":
        growth?.note(event.offset - offset);
        offset = event.offset;
        return onEvent({ kind: "bytes", digest, offset, size });
      case "commit":
        return onEvent({ kind: "blob", digest, state: "committing", offset: size, size });
      case "retry":
        growth?.giveUp();
        return onEvent({ ...event, digest });
      case "restart":
        return onEvent({ ...event, digest });
    }
  };
}
