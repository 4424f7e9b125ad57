/**
 * gRPC calls for tests, with the test client of the `http2` module.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { headersFrame, TestClient, type TestResponse } from "../http2/test_client.ts";
import { writeUint32 } from "../http2/frame/frame.ts";
import type { HeaderField } from "../http2/hpack/static_table.ts";
import { ByteBudget } from "./wire/byte_budget.ts";
import { MessageReader } from "./wire/message_reader.ts";
import { type CallRecord, GrpcServer, type GrpcServerOptions } from "./server.ts";

/** A gRPC response. */
export interface TestResult {
  /** `grpc-status`; -1 if it is missing. */
  readonly code: number;
  /** `grpc-message`, percent-encoded. */
  readonly message: string;
  readonly messages: readonly Uint8Array[];
  readonly response: TestResponse;
}

/** Adds the prefix to a message. */
export function framed(message: Uint8Array, compressed: 0 | 1 = 0): Uint8Array {
  const prefix = new Uint8Array(5);
  prefix[0] = compressed;
  writeUint32(prefix, 1, message.length);
  return concatBytes([prefix, message]);
}

/** Returns the headers of a call, followed by `more`. */
export function callHeaders(path: string, ...more: readonly HeaderField[]): HeaderField[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ];
}

/** Encodes the HEADERS frame of a call whose message follows. */
export function callFrame(streamId: number, path: string, ...more: readonly HeaderField[]): Uint8Array {
  return headersFrame(streamId, callHeaders(path, ...more), "body follows");
}

/** Waits for the end of a call and returns its result. */
export async function resultOf(client: TestClient, streamId: number): Promise<TestResult> {
  const response = await client.response(streamId);
  const status = (name: string) => response.trailers.get(name) ?? response.headers.get(name);
  const reader = new MessageReader(1 << 30, new ByteBudget(1 << 30), () => {});
  reader.add(response.body);
  const messages: Uint8Array[] = [];
  for (let next = reader.next(); next; next = reader.next()) messages.push(next.bytes);
  return {
    code: Number(status("grpc-status") ?? -1),
    message: status("grpc-message") ?? "",
    messages,
    response,
  };
}

/** A server on loopback, and the finished calls that it reported. */
export interface TestService {
  readonly server: GrpcServer;
  readonly records: readonly CallRecord[];
  /** Opens a connection and sends the preface. */
  connect(): Promise<TestClient>;
}

/** Serves during the test. */
export async function withService(
  options: GrpcServerOptions,
  test: (service: TestService) => Promise<void>,
): Promise<void> {
  const records: CallRecord[] = [];
  const server = new GrpcServer({ ...options, onCall: (record) => records.push(record) });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = server.serve(listener);
  const connect = async () => {
    const client = new TestClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    await client.hello();
    return client;
  };
  try {
    await test({ server, records, connect });
  } finally {
    await server[Symbol.asyncDispose]();
    await serving;
  }
}
