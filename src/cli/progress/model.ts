/**
 * What a pull looks like at a moment, gathered from its events.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { BlobRole, BlobState, PullEvent } from "../../image/model/events.ts";
import { RateMeter } from "./rate.ts";

/** Where a blob is, as people see it. */
export type ViewState = BlobState | "retrying" | "elsewhere";

/** A blob at a moment. Times are in milliseconds of the caller's clock. */
export interface BlobView {
  readonly digest: Digest;
  readonly role: BlobRole;
  /** Bytes. */
  readonly size: number;
  /** Bytes that are here. */
  readonly offset: number;
  readonly state: ViewState;
  /** When its fetch began. */
  readonly startedAt?: number;
  /** When it was whole. */
  readonly endedAt?: number;
  /** Why it is being retried, or waits. */
  readonly note?: string;
}

/** How a pull stands, or ended. */
export type Phase = "held" | "resolving" | "planning" | "fetching" | "done" | "failed" | "interrupted";

/** A pull at a moment. */
export interface PullView {
  readonly name: string;
  readonly phase: Phase;
  /** Why the last attempt to resolve it failed. */
  readonly note?: string;
  /** `linux/amd64`, once it is chosen. */
  readonly platform?: string;
  readonly blobs: readonly BlobView[];
  readonly startedAt: number;
  /** Bytes a second of the last few seconds. */
  readonly rate: number;
  /** Bytes of all blobs that are here, and of all. */
  readonly offset: number;
  readonly size: number;
}

const WHOLE: ReadonlySet<ViewState> = new Set(["committed", "present", "unpacking", "unpacked"]);

/** Whether nothing is left to do for a blob. */
export function isWhole(blob: BlobView): boolean {
  return WHOLE.has(blob.state);
}

/** Bytes of blobs that are here and not whole. */
export function keptBytesOf({ blobs }: PullView): number {
  return blobs.filter((blob) => !isWhole(blob)).reduce((sum, { offset }) => sum + offset, 0);
}

/** Gathers the events of one pull. */
export class PullModel {
  readonly #startedAt: number;
  readonly #blobs = new Map<Digest, BlobView>();
  readonly #rate = new RateMeter();
  #name: string;
  #phase: Phase = "resolving";
  /** Why it is still being resolved. */
  #note: string | undefined;
  #platform: string | undefined;

  /** Begins at `now`, before the first event. */
  constructor(name: string, now: number) {
    this.#name = name;
    this.#startedAt = now;
  }

  /** Takes the next event in. */
  apply(event: PullEvent, now: number): void {
    switch (event.kind) {
      case "waiting":
        if (event.for === "collector") this.#phase = "held";
        else this.#change(event.digest, { state: "elsewhere", note: "another pull writes it" });
        return;
      case "resolving":
        this.#phase = "resolving";
        this.#name = event.name;
        return;
      case "resolved":
        this.#phase = "planning";
        this.#note = undefined;
        return;
      case "selected":
        this.#platform = event.platform && formatPlatform(event.platform);
        return;
      case "planned":
        this.#phase = "fetching";
        for (const { digest, role, size } of event.blobs) {
          this.#blobs.set(digest, { digest, role, size, offset: 0, state: "waiting" });
        }
        return;
      case "blob":
        return this.#enter(event.digest, event.state, event.offset, now);
      case "bytes":
        return this.#advance(event.digest, event.offset, now);
      case "retry": {
        const { attempt, reason } = event;
        if (event.digest === undefined) {
          this.#note = reason;
          return;
        }
        return this.#change(event.digest, {
          state: "retrying",
          offset: event.offset,
          note: `attempt ${attempt}: ${reason}`,
        });
      }
      case "restart":
        return this.#change(event.digest, {
          state: "retrying",
          offset: 0,
          note: `again from zero: ${event.reason}`,
        });
      case "warning":
      case "recorded":
        return;
    }
  }

  /** Says how the pull ended. */
  end(phase: "done" | "failed" | "interrupted"): void {
    this.#phase = phase;
  }

  /** The pull at a moment. */
  view(now: number): PullView {
    const blobs = [...this.#blobs.values()];
    let offset = 0;
    let size = 0;
    for (const blob of blobs) {
      offset += blob.offset;
      size += blob.size;
    }
    const view = {
      name: this.#name,
      phase: this.#phase,
      blobs,
      startedAt: this.#startedAt,
      rate: this.#rate.perSecond(now),
      offset,
      size,
      ...this.#note === undefined ? {} : { note: this.#note },
    };
    return this.#platform === undefined ? view : { ...view, platform: this.#platform };
  }

  #enter(digest: Digest, state: BlobState, offset: number, now: number): void {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return;
    const { note: _, ...rest } = blob;
    const isEnd = WHOLE.has(state);
    this.#blobs.set(digest, {
      ...rest,
      state,
      offset: isEnd ? blob.size : offset,
      ...(state === "fetching" ? { startedAt: blob.startedAt ?? now } : {}),
      ...(isEnd ? { endedAt: blob.endedAt ?? now } : {}),
    });
  }

  #advance(digest: Digest, offset: number, now: number): void {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return;
    this.#rate.add(Math.max(0, offset - blob.offset), now);
    if (blob.state === "retrying") this.#enter(digest, "fetching", offset, now);
    else this.#blobs.set(digest, { ...blob, offset });
  }

  #change(
    digest: Digest,
    change: Pick<BlobView, "state" | "note"> & Partial<Pick<BlobView, "offset">>,
  ): void {
    const blob = this.#blobs.get(digest);
    if (blob !== undefined) this.#blobs.set(digest, { ...blob, ...change });
  }
}
