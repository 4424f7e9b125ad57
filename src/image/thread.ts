/**
 * What the threads of the program and of the library run: this module looks for its task when it is loaded.
 *
 * @module
 */
import { workerTask } from "../base/worker.ts";

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
