/**
 * The module that worker threads of the program and the library load. It starts the thread's task
 * immediately.
 *
 * @module
 */
import { workerTask } from "../base/concurrency/worker.ts";

switch (workerTask()) {
  case "hash": {
    const { serveHashing } = await import("../store/blobs/hash_thread.ts");
    await serveHashing();
    break;
  }
  case "unpack": {
    const { serveDecoding } = await import("../unpack/decode/decode_thread.ts");
    await serveDecoding();
  }
}
