/**
 * A response whose compressed body is decompressed while it is read.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { decompressedReader } from "../auth/content_encoding.ts";
import type { MonitoredResponse } from "./monitored_response.ts";

/**
 * Wraps a response, and closes it on an error. Disposing the result disposes the response.
 *
 * @param operation how errors begin
 * @throws AppError `network` for corrupt data, because another attempt may send good data; also from `read`
 */
export async function decompressedResponse(
  response: MonitoredResponse,
  operation: string,
): Promise<MonitoredResponse> {
  const { endpoint, status, headers } = response;
  const fail = (error: unknown): never => {
    if (!(error instanceof AppError) || error.code !== "invalid_content") throw error;
    throw new AppError(
      "network",
      `${operation}: host "${endpoint.host}" sent a damaged body: ${error.message}`,
      {
        details: { host: endpoint.host, isRetryable: true },
        cause: error,
      },
    );
  };
  let decoded: ByteReader & Disposable;
  try {
    decoded = await decompressedReader(response);
  } catch (error) {
    response[Symbol.dispose]();
    return fail(error);
  }
  return {
    endpoint,
    status,
    headers,
    read: (buffer) => decoded.read(buffer).catch(fail),
    [Symbol.dispose]() {
      decoded[Symbol.dispose]();
      response[Symbol.dispose]();
    },
  };
}
