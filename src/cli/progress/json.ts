/**
 * A pull for programs: one JSON object a line. The shapes here are a contract with them: fields are added, never
 * changed or taken away, unless `v` grows.
 *
 * @module
 */
import type { BlobRole, BlobState, PullEvent } from "../../image/events.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Clock } from "./clock.ts";
import { keptBytesOf, PullModel } from "./model.ts";
import type { Outcome, PullProgress } from "./progress.ts";

/** Bytes are told this often for each blob that moves, the last ones before a pause too. */
const BYTES_MS = 250;

/** What every line has. */
interface Stamp {
  /** The version of these shapes. */
  readonly v: 1;
  /** When it happened, RFC 3339 in UTC. */
  readonly time: string;
  /** The name in full of the image that is being pulled. */
  readonly name: string;
}

/** The part of a line that tells what happened. Digests are `sha256:…`, offsets and sizes are bytes. */
export type ProgressEvent =
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
  /** At most four times a second for each blob. */
  | { readonly event: "bytes"; readonly digest: string; readonly offset: number; readonly size: number }
  | {
    readonly event: "retry";
    readonly digest: string;
    readonly attempt: number;
    readonly offset: number;
    readonly delayMs: number;
    readonly reason: string;
  }
  | { readonly event: "restart"; readonly digest: string; readonly reason: string }
  | { readonly event: "warning"; readonly message: string }
  | { readonly event: "recorded"; readonly names: readonly string[]; readonly id: string }
  /** The last line of a pull. `kept` bytes are gone on from by the next one. */
  | { readonly event: "end"; readonly outcome: Outcome; readonly kept: number };

/** A line of `--progress=json`. */
export type ProgressLine = Stamp & ProgressEvent;

/** Writes a pull as JSON lines. */
export function jsonProgress(
  reference: string,
  { write, clock, date }: {
    readonly write: (text: string) => void;
    readonly clock: Clock;
    /** The time of day. */
    readonly date: () => Date;
  },
): PullProgress {
  const model = new PullModel(reference, clock.now());
  const pending = new Map<Digest, ProgressEvent>();
  let name = reference;
  function say(event: ProgressEvent) {
    const line: ProgressLine = { v: 1, time: date().toISOString(), name, ...event };
    write(`${JSON.stringify(line)}\n`);
  }
  function sayPending() {
    for (const event of pending.values()) say(event);
    pending.clear();
  }
  const stop = clock.every(BYTES_MS, sayPending);
  return {
    onEvent(event) {
      model.apply(event, clock.now());
      if (event.kind === "resolving") name = event.name;
      const line = progressEvent(event);
      if (event.kind === "bytes") {
        pending.set(event.digest, line);
        return;
      }
      // What comes next has an offset of its own, or throws the bytes away.
      if ("digest" in event) pending.delete(event.digest);
      say(line);
    },
    end(outcome) {
      stop();
      sayPending();
      model.end(outcome);
      say({ event: "end", outcome, kept: keptBytesOf(model.view(clock.now())) });
    },
    keptBytes: () => keptBytesOf(model.view(clock.now())),
  };
}

function progressEvent(event: PullEvent): ProgressEvent {
  switch (event.kind) {
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
      return { event: "retry", digest, attempt, offset, delayMs, reason };
    }
    case "restart":
      return { event: "restart", digest: event.digest, reason: event.reason };
    case "warning":
      return { event: "warning", message: event.message };
    case "recorded":
      return { event: "recorded", names: event.names, id: event.imageId };
  }
}
