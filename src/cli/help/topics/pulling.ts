/**
 * `dray help pulling`
 *
 * @module
 */
import { KIB } from "../../../base/bytes.ts";
import {
  ATTEMPTS,
  CORRUPT_DOWNLOADS,
  DOUBTFUL_RETRIES,
  FAST_STALL_STEPS,
  LARGE_WORKERS,
  LARGE_WORKERS_MAX,
  MIRROR_SKIP_MS,
  PARALLEL_MAX_RATE,
  STALL_MIN_RATE,
  STALL_WINDOW_MS,
  STALL_WINDOW_STEPS,
  WRITER_MIN_RATE,
  WRITER_PATIENCE_MS,
} from "../../../base/tuning.ts";
import { heading, paragraph, type TopicDocument } from "./document.ts";

/** The contents of the topic. */
export const PULLING_TOPIC: TopicDocument = [
  heading("Verification"),
  paragraph(
    "Every byte is hashed as it is written, and a blob gets its name only once its size and digest have been",
    `checked and it has been fsynced. Corrupt data is discarded, and downloaded ${CORRUPT_DOWNLOADS} times at`,
    "most. Anything that can't be recovered ends in one line that names the host, the blob, the status, and what to do.",
  ),
  heading("Retries"),
  paragraph(
    `Connection errors and 408, 429 and 5xx responses are retried with exponential back-off, up to ${ATTEMPTS}`,
    "attempts; an attempt that delivers new bytes isn't counted. Responses that are probably final, such as a",
    `missing layer of a stored manifest or a redirect loop, are retried ${DOUBTFUL_RETRIES} times. Retry-After`,
    "pauses every transfer to that host.",
  ),
  paragraph(
    "An interrupted download resumes where it stopped, in the same run or a later one; interrupted runs leave",
    "partial downloads in the store, which any process can resume. If a host refuses to resume, the layer is",
    "downloaded from its first byte.",
  ),
  paragraph(
    `A connection that delivers less than ${STALL_MIN_RATE / KIB} KiB/s over ${STALL_WINDOW_MS / 1000} s is`,
    `replaced; one that was fast before, after ${
      STALL_WINDOW_MS * FAST_STALL_STEPS / STALL_WINDOW_STEPS / 1000
    } s without data. A mirror that times out is used only if all`,
    `other hosts fail, for ${MIRROR_SKIP_MS / 60_000} minutes.`,
  ),
  heading("Parallel downloads"),
  paragraph(
    "Content that the store already has is not downloaded, and processes that need the same blob share one",
    `download, unless it makes less than ${WRITER_MIN_RATE / KIB} KiB/s over ${
      WRITER_PATIENCE_MS / 1000
    } s. ${LARGE_WORKERS} large layers are downloaded in parallel, and up to ${LARGE_WORKERS_MAX} from a`,
    "host that is distant or throttles each connection; --jobs fixes the number. If a single connection is slower",
    `than ${
      PARALLEL_MAX_RATE / 1_000_000
    } MB/s and one layer makes up most of the image, dray opens a second`,
    "connection to test whether more are faster; on a saturated link this costs nothing.",
  ),
  paragraph(
    "Large layers are hashed and decompressed on worker threads, which load the program's module a second time.",
    "If --allow-read doesn't cover that module, a single thread does everything. The compiled binary always uses",
    "threads.",
  ),
];
