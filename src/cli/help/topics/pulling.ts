/**
 * `dray help pulling`
 *
 * @module
 */
import { KIB } from "../../../base/bytes.ts";
import {
  ATTEMPTS,
  LARGE_WORKERS,
  LARGE_WORKERS_MAX,
  PARALLEL_MAX_RATE,
  STALL_MIN_RATE,
  STALL_WINDOW_MS,
} from "../../../base/tuning.ts";
import { heading, paragraph, type TopicDocument } from "./document.ts";

/** The contents of the topic. */
export const PULLING_TOPIC: TopicDocument = [
  heading("Verification"),
  paragraph(
    "Every byte is hashed as it is written, and a blob gets its name only once its size and digest have been",
    "checked and it has been fsynced. Corrupt data is discarded and downloaded once more. Anything that can't",
    "be recovered ends in one line that names the host, the blob, the status, and what to do.",
  ),
  heading("Retries"),
  paragraph(
    `Connection errors and 408, 429 and 5xx responses are retried with exponential back-off, up to ${ATTEMPTS}`,
    "attempts. Retry-After pauses every transfer to that host. An interrupted download resumes where it stopped,",
    "in the same run or a later one; interrupted runs leave partial downloads in the store, which any process can",
    `resume. A connection that delivers less than ${STALL_MIN_RATE / KIB} KiB/s over ${
      STALL_WINDOW_MS / 1000
    } s`,
    "is replaced.",
  ),
  heading("Parallel downloads"),
  paragraph(
    "Content that the store already has is not downloaded, and processes that need the same blob share one",
    `download. ${LARGE_WORKERS} large layers are downloaded in parallel, and up to ${LARGE_WORKERS_MAX} from a`,
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
