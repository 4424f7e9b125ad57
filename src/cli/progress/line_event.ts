/**
 * Converts progress lines, which a server sends, back to events.
 *
 * @module
 */
import type { PullEvent } from "../../image/model/events.ts";
import type { ProgressLine } from "../../image/pull/progress_line.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { parsePlatform } from "../../oci/platform.ts";

/** Returns the event of a line; undefined for the end of a pull, which is not an event. */
export function eventOfLine(line: ProgressLine): PullEvent | undefined {
  const { name } = line;
  const digest = (text: string): Digest => parseDigest(text);
  switch (line.event) {
    case "waiting":
      return line.for === "writer"
        ? { kind: "waiting", for: "writer", digest: digest(line.digest) }
        : { kind: "waiting", for: "collector" };
    case "resolving":
      return { kind: "resolving", name };
    case "resolved":
      return { kind: "resolved", name, digest: digest(line.digest), host: line.host };
    case "selected": {
      const platform = line.platform === null ? {} : { platform: parsePlatform(line.platform) };
      return { kind: "selected", name, digest: digest(line.digest), ...platform };
    }
    case "planned":
      return {
        kind: "planned",
        name,
        blobs: line.blobs.map((blob) => ({ ...blob, digest: digest(blob.digest) })),
      };
    case "blob": {
      const { state, offset, size, host } = line;
      return {
        kind: "blob",
        digest: digest(line.digest),
        state,
        offset,
        size,
        ...(host === null ? {} : { host }),
      };
    }
    case "bytes":
      return { kind: "bytes", digest: digest(line.digest), offset: line.offset, size: line.size };
    case "retry": {
      const { attempt, offset, delayMs, reason } = line;
      const retry = { kind: "retry", attempt, offset, delayMs, reason } as const;
      return line.digest === undefined ? retry : { ...retry, digest: digest(line.digest) };
    }
    case "restart":
      return { kind: "restart", digest: digest(line.digest), reason: line.reason };
    case "warning":
      return { kind: "warning", message: line.message };
    case "recorded":
      return { kind: "recorded", name, names: line.names, imageId: digest(line.id) };
    case "end":
      return undefined;
  }
}
