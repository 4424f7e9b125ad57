/**
 * How a body gets its bytes: over one connection, or over several in parallel.
 *
 * @module
 */
import type { MonitoredResponse } from "../request/monitored_response.ts";

/**
 * Decides which connections deliver the bytes of one body. It only affects speed: the body owns its
 * connection and the offset, and resumes after failures. Dispose it with the body.
 */
export interface ReadStrategy extends Disposable {
  /**
   * Reads bytes that were requested apart from the body's connection. The caller may close its connection
   * when it gets a promise: all following bytes are read in this way unless the promise resolves to 0.
   *
   * @param offset position of the next byte in the whole blob
   * @returns undefined if the next byte must be read from the body's connection; otherwise the number of
   * bytes read, or 0 if the strategy has given up and the caller must call it again
   * @throws the signal's reason
   */
  readAhead(offset: number, buffer: Uint8Array): Promise<number> | undefined;
  /**
   * Reads from the body's connection.
   *
   * @param offset position of the connection's next byte in the whole blob
   * @returns the number of bytes read, or null at the connection's end
   * @throws AppError as {@linkcode MonitoredResponse.read}
   */
  readConnection(connection: MonitoredResponse, offset: number, buffer: Uint8Array): Promise<number | null>;
}

/** All bytes come over the body's connection. */
export const SEQUENTIAL: ReadStrategy = {
  readAhead: () => undefined,
  readConnection: (connection, _offset, buffer) => connection.read(buffer),
  [Symbol.dispose]() {},
};
