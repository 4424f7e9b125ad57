/**
 * The state of a pull, computed from its events.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { BlobRole, BlobState, PullEvent } from "../../image/model/events.ts";
import { RateMeter } from "./rate.ts";

/** The state of a blob for the display; `otherPull` while another pull is downloading it. */
export type ViewState = BlobState | "retrying" | "otherPull";

/** The state of one blob at a given time. Times are in milliseconds of the caller's clock. */
export interface BlobView {
  readonly digest: Digest;
  readonly role: BlobRole;
  /** Bytes. */
  readonly size: number;
  /** Bytes stored so far. */
  readonly offset: number;
  readonly state: ViewState;
  /** When its download started. */
  readonly startedAt?: number;
  /** When it was complete. */
  readonly endedAt?: number;
  /** Why it is retried, or waits. */
  readonly note?: string;
}

/** The phase of a pull; `blocked` while rm or gc sweeps the store. */
export type Phase = "blocked" | "resolving" | "planning" | "fetching" | "done" | "failed" | "interrupted";

/** The state of a pull at a given time. */
export interface PullView {
  readonly name: string;
  readonly phase: Phase;
  /** Why the last attempt to resolve the name failed. */
  readonly note?: string;
  /** `linux/amd64`, once chosen. */
  readonly platform?: string;
  readonly blobs: readonly BlobView[];
  readonly startedAt: number;
  /** Bytes per second over the last few seconds. */
  readonly rate: number;
  /** Stored bytes and total bytes of all blobs. */
  readonly offset: number;
  readonly size: number;
}

const COMPLETE: ReadonlySet<ViewState> = new Set(["committed", "present", "unpacking", "unpacked"]);

/** Whether all bytes of a blob are stored. */
export function isComplete(blob: BlobView): boolean {
  return COMPLETE.has(blob.state);
}

/** Stored bytes of incomplete blobs. */
export function retainedBytesOf({ blobs }: PullView): number {
  return blobs.filter((blob) => !isComplete(blob)).reduce((sum, { offset }) => sum + offset, 0);
}

/** Applies the events of one pull. */
export class PullModel {
  readonly #startedAt: number;
  readonly #blobs = new Map<Digest, BlobView>();
  readonly #rate = new RateMeter();
  #name: string;
  #phase: Phase = "resolving";
  /** Why the last attempt to resolve the name failed. */
  #note: string | undefined;
  #platform: string | undefined;

  /** Starts at `now`, before the first event. */
  constructor(name: string, now: number) {
    this.#name = name;
    this.#startedAt = now;
  }

  /** Applies the next event. */
  apply(event: PullEvent, now: number): void {
    switch (event.kind) {
      case "waiting":
        if (event.for === "collector") this.#phase = "blocked";
        else this.#change(event.digest, { state: "otherPull", note: "another pull is downloading it" });
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
          note: `attempt ${attempt} failed: ${reason}`,
        });
      }
      case "restart":
        return this.#change(event.digest, {
          state: "retrying",
          offset: 0,
          note: `restarting from byte 0: ${event.reason}`,
        });
      case "warning":
      case "recorded":
        return;
    }
  }

  /** Sets the final phase. */
  end(phase: "done" | "failed" | "interrupted"): void {
    this.#phase = phase;
  }

  /** The state at a given time. */
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
    const isEnd = COMPLETE.has(state);
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
