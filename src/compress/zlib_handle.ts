/**
 * The synchronous engine under the streams of `node:zlib`. The only file that names `node:zlib`.
 *
 * The public streams are not enough: the zstd one drops whatever follows the first frame of a write, and says nothing
 * of a frame that was cut (Deno 2.6 and 2.9). The handle under them has been the same in Node for ten years; it says
 * how many bytes it took, gives bytes into one reused buffer, and so needs 42 MB where the stream needs 112.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import { AppError, messageOf } from "../base/errors.ts";

/** What an engine does. */
export type EngineKind = "gunzip" | "unzstd";

/** Larger chunks gain nothing; smaller ones cost calls. */
const OUTPUT_BYTES = 256 * KIB;

/** Where the next bytes go: it is asked before each step. What was given is not touched until it is asked again. */
export type OutputRoom = () => Uint8Array;

/** One buffer, used again and again. */
export function ownRoom(): OutputRoom {
  const room = new Uint8Array(OUTPUT_BYTES);
  return () => room;
}

const NO_BYTES = new Uint8Array(0);

/** One call's outcome, in `state`: bytes of room left, bytes of input left. */
interface NativeHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  close(): void;
}

interface NativeStream {
  readonly _handle?: NativeHandle;
  readonly _writeState?: Uint32Array;
}

type Zlib = typeof import("node:zlib");

/** Loads `node:zlib` (16 ms the first time, so nothing loads it before it is wanted). */
function loadZlib(): Promise<Zlib> {
  return import("node:zlib");
}

/** A running decompression. Dispose it. */
export class Engine implements Disposable {
  readonly #handle: NativeHandle;
  readonly #state: Uint32Array;
  readonly #finishFlag: number;
  readonly #room: OutputRoom;
  #failure: string | undefined;
  #closed = false;

  private constructor(handle: NativeHandle, state: Uint32Array, finishFlag: number, room: OutputRoom) {
    this.#handle = handle;
    this.#room = room;
    this.#state = state;
    this.#finishFlag = finishFlag;
    handle.onerror = (message) => this.#failure ??= message;
  }

  /**
   * Makes an engine.
   *
   * @param room where the output goes
   * @throws AppError `unsupported` in a runtime whose `node:zlib` has another engine
   */
  static async open(kind: EngineKind, room: OutputRoom): Promise<Engine> {
    const zlib = await loadZlib();
    const stream: unknown = kind === "gunzip" ? zlib.createGunzip() : zlib.createZstdDecompress();
    const { _handle: handle, _writeState: state } = stream as NativeStream;
    if (typeof handle?.writeSync !== "function" || !(state instanceof Uint32Array)) {
      throw new AppError("unsupported", `Cannot ${kind}: this runtime's node:zlib has no synchronous engine`);
    }
    const { Z_FINISH, ZSTD_e_end } = zlib.constants;
    return new Engine(handle, state, kind === "unzstd" ? ZSTD_e_end : Z_FINISH, room);
  }

  /**
   * Feeds bytes and gives what comes out, as much at a time as there is room. What it gives is only good until the
   * next step: the buffer behind it is used again.
   *
   * @returns how many bytes were taken; fewer than given when a compressed stream ended before them
   * @throws AppError `invalid_content`
   */
  write(bytes: Uint8Array): Generator<Uint8Array, number> {
    return this.#run(0, bytes);
  }

  /**
   * Says that no more bytes come, and gives the rest.
   *
   * @throws AppError `invalid_content` if a gzip stream is cut
   */
  finish(): Generator<Uint8Array, number> {
    return this.#run(this.#finishFlag, NO_BYTES);
  }

  /** Frees the memory of the engine. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handle.close();
  }

  *#run(flush: number, bytes: Uint8Array): Generator<Uint8Array, number> {
    let taken = 0;
    for (;;) {
      const output = this.#room();
      this.#call(flush, bytes, taken, output);
      const [room = 0, left = 0] = this.#state;
      taken = bytes.length - left;
      if (room < output.length) yield output.subarray(0, output.length - room);
      // A full buffer may have more behind it; room in the buffer means that all was given.
      if (room > 0) return taken;
    }
  }

  #call(flush: number, bytes: Uint8Array, from: number, output: Uint8Array): void {
    try {
      this.#handle.writeSync(flush, bytes, from, bytes.length - from, output, 0, output.length);
    } catch (cause) {
      this.#failure ??= messageOf(cause);
    }
    if (this.#failure !== undefined) {
      throw new AppError("invalid_content", `Cannot decompress: ${this.#failure}`);
    }
  }
}
