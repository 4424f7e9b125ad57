/**
 * The JSON events of `--progress=json` and of the server's `/progress`. They are a stable interface: fields
 * may be added, but are changed or removed only with a new value of `v`.
 *
 * @module
 */
import { formatPlatform } from "../../oci/platform.ts";
import type { BlobRole, BlobState, PullEvent } from "../model/events.ts";

/** How a pull ended. */
export type PullOutcome = "done" | "failed" | "interrupted";

/** Milliseconds between two `bytes` events of a blob. The last event before a pause is also sent. */
export const BYTES_INTERVAL_MS = 250;

/** The fields of every line. */
export interface ProgressStamp {
  /** The version of this format. */
  readonly v: 1;
  /** The time of the event, RFC 3339 in UTC. */
  readonly time: string;
  /** The full name of the image that is being pulled. */
  readonly name: string;
}

/** The event of a line. Digests are `sha256:…`, offsets and sizes are bytes. */
export type ProgressEvent =
  | { readonly event: "waiting"; readonly for: "collector" }
  | { readonly event: "waiting"; readonly for: "writer"; readonly digest: string }
  | { readonly event: "resolving" }
  | { readonly event: "resolved"; readonly digest: string; readonly host: string }
  | { readonly event: "selected"; readonly digest: string; readonly platform: string | null }
  /** All blobs of the image, each once. */
  | {
    readonly event: "planned";
    readonly size: number;
    readonly blobs: readonly {
      readonly digest: string;
      readonly size: number;
      readonly mediaType: string;
      readonly role: BlobRole;
    }[];
  }
  | {
    readonly event: "blob";
    readonly digest: string;
    readonly state: BlobState;
    readonly offset: number;
    readonly size: number;
    readonly host: string | null;
  }
  /** At most four times per second and blob. */
  | { readonly event: "bytes"; readonly digest: string; readonly offset: number; readonly size: number }
  | {
    readonly event: "retry";
    /** None while the reference is being resolved. */
    readonly digest?: string;
    readonly attempt: number;
    readonly offset: number;
    readonly delayMs: number;
    readonly reason: string;
  }
  | { readonly event: "restart"; readonly digest: string; readonly reason: string }
  | { readonly event: "warning"; readonly message: string }
  | { readonly event: "recorded"; readonly names: readonly string[]; readonly id: string }
  /** The last line of a pull. `kept`: bytes the next pull can resume from. */
  | { readonly event: "end"; readonly outcome: PullOutcome; readonly kept: number };

/** A line of `--progress=json`. */
export type ProgressLine = ProgressStamp & ProgressEvent;

/** Converts the event of a pull. */
export function progressEvent(event: PullEvent): ProgressEvent {
  switch (event.kind) {
    case "waiting":
      return event.for === "writer"
        ? { event: "waiting", for: "writer", digest: event.digest }
        : { event: "waiting", for: "collector" };
    case "resolving":
      return { event: "resolving" };
    case "resolved":
      return { event: "resolved", digest: event.digest, host: event.host };
    case "selected": {
      const platform = event.platform === undefined ? null : formatPlatform(event.platform);
      return { event: "selected", digest: event.digest, platform };
    }
    case "planned":
      return {
        event: "planned",
        size: event.blobs.reduce((sum, blob) => sum + blob.size, 0),
        blobs: event.blobs.map(({ digest, size, mediaType, role }) => ({ digest, size, mediaType, role })),
      };
    case "blob": {
      const { digest, state, offset, size, host = null } = event;
      return { event: "blob", digest, state, offset, size, host };
    }
    case "bytes": {
      const { digest, offset, size } = event;
      return { event: "bytes", digest, offset, size };
    }
    case "retry": {
      const { digest, attempt, offset, delayMs, reason } = event;
      const retry = { event: "retry", attempt, offset, delayMs, reason } as const;
      return digest === undefined ? retry : { ...retry, digest };
    }
    case "restart":
      return { event: "restart", digest: event.digest, reason: event.reason };
    case "warning":
      return { event: "warning", message: event.message };
    case "recorded":
      return { event: "recorded", names: event.names, id: event.imageId };
  }
}
