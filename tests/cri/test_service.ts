/**
 * The service on a real Unix socket with a real store and a registry in memory, and a small client for it.
 *
 * @module
 */
import {
  create,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type CriService, type CriServiceOptions, openCriService } from "../../src/cri/service.ts";
import { type Image, ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { listenUnix } from "../../src/grpc/socket/unix_socket.ts";
import { callFrame, framed, resultOf, type TestResult } from "../../src/grpc/test_caller.ts";
import { dataFrame, settingFrame, TestClient } from "../../src/http2/test_client.ts";
import { encodeFrame, FrameType, PREFACE, WINDOW_MAX_BYTES } from "../../src/http2/frame/frame.ts";
import type { HeaderField } from "../../src/http2/hpack/static_table.ts";
import type { ImageDeps } from "../../src/image/model/deps.ts";
import { type Fixture, makeFixture } from "../fakes/fixture.ts";

/** A status that is not OK. */
export class CallError extends Error {
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** Any kind of method. */
type AnyMethod = DescMethodUnary | DescMethodStreaming;

/** RFC 9113, 6.5.2. */
const INITIAL_WINDOW_SIZE = 4;

/** A WINDOW_UPDATE that opens the connection's window to its maximum. */
function wholeWindow(): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, WINDOW_MAX_BYTES - 65_535);
  return encodeFrame(FrameType.windowUpdate, 0, 0, payload);
}

/** One connection. Only one call runs at a time. */
export class CriClient implements Disposable {
  readonly client: TestClient;
  #streamId = -1;

  constructor(client: TestClient) {
    this.client = client;
  }

  /** Connects to a socket, with large windows, because responses can be large. */
  static async connect(path: string): Promise<CriClient> {
    const client = new TestClient(await Deno.connect({ transport: "unix", path }));
    await client.send(PREFACE, settingFrame(INITIAL_WINDOW_SIZE, WINDOW_MAX_BYTES), wholeWindow());
    return new CriClient(client);
  }

  /** Sends a request without waiting for the response. Returns the stream's id. */
  async send<M extends AnyMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: { readonly api?: string; readonly headers?: readonly HeaderField[] } = {},
  ): Promise<number> {
    const streamId = this.#streamId += 2;
    const service = method.parent.typeName.replace("runtime.v1.", `runtime.${options.api ?? "v1"}.`);
    const bytes = toBinary(method.input, create(method.input, request));
    await this.client.send(
      callFrame(streamId, `/${service}/${method.name}`, ...options.headers ?? []),
      dataFrame(streamId, framed(bytes)),
    );
    return streamId;
  }

  /** Calls a method, and returns all responses. @throws CallError */
  async all<M extends AnyMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: { readonly api?: string; readonly headers?: readonly HeaderField[] } = {},
  ): Promise<MessageShape<M["output"]>[]> {
    const result = await resultOf(this.client, await this.send(method, request, options));
    return responsesOf(method, result);
  }

  /** Calls a unary method. @throws CallError */
  async call<M extends AnyMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: { readonly api?: string; readonly headers?: readonly HeaderField[] } = {},
  ): Promise<MessageShape<M["output"]>> {
    const [response, ...more] = await this.all(method, request, options);
    if (response === undefined || more.length > 0) throw new Error(`Expected one response to ${method.name}`);
    return response;
  }

  /** Pulls an image, and returns its id. */
  async pull(image: string): Promise<string> {
    return (await this.call(ImageService.method.pullImage, { image: { image } })).imageRef;
  }

  /** Returns the status, or undefined if there is no such image. */
  async status(image: string): Promise<Image | undefined> {
    return (await this.call(ImageService.method.imageStatus, { image: { image } })).image;
  }

  /** Lists images. */
  async list(filter?: string): Promise<Image[]> {
    const image = filter === undefined ? undefined : { image: filter };
    return (await this.call(ImageService.method.listImages, image === undefined ? {} : { filter: { image } }))
      .images;
  }

  /** Removes an image. */
  async remove(image: string): Promise<void> {
    await this.call(ImageService.method.removeImage, { image: { image } });
  }

  /** Returns the used bytes and inodes. */
  async usage(): Promise<{ readonly bytes: bigint; readonly inodes: bigint }> {
    const { imageFilesystems: [filesystem] } = await this.call(ImageService.method.imageFsInfo, {});
    return { bytes: filesystem?.usedBytes?.value ?? -1n, inodes: filesystem?.inodesUsed?.value ?? -1n };
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}

function responsesOf<M extends AnyMethod>(method: M, result: TestResult): MessageShape<M["output"]>[] {
  if (result.code !== 0) throw new CallError(result.code, decodeURIComponent(result.message));
  const output: M["output"] = method.output;
  return result.messages.map((bytes) => fromBinary<M["output"]>(output, bytes));
}

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The parts of a test of the service. */
export interface CriTest {
  readonly fixture: Fixture;
  readonly service: CriService;
  readonly socket: string;
  readonly lines: readonly LogLine[];
  readonly cri: CriClient;
  /** Opens another connection. */
  connect(): Promise<CriClient>;
}

/** Serves while a test runs. */
export async function withCri(
  test: (test: CriTest) => Promise<void>,
  options: Partial<Omit<CriServiceOptions, "images">> & {
    /** Changes the dependencies of the service. */
    readonly images?: (deps: ImageDeps) => ImageDeps;
    /** Runs before the service is opened. */
    readonly before?: (fixture: Fixture) => Promise<void>;
  } = {},
): Promise<void> {
  await using fixture = await makeFixture();
  await options.before?.(fixture);
  const lines: LogLine[] = [];
  const service = await openCriService({
    root: fixture.root,
    version: "0.0.0-test",
    log: {
      info: (message, fields = {}) => lines.push({ level: "info", message, fields }),
      warn: (message, fields = {}) => lines.push({ level: "warning", message, fields }),
      error: (message, error, fields = {}) =>
        lines.push({ level: "error", message, fields: { ...fields, error: String(error) } }),
    },
    ...options,
    images: options.images?.(fixture.deps) ?? fixture.deps,
  });
  const path = `${fixture.root}.sock`;
  const socket = await listenUnix({ path });
  const serving = service.server.serve(socket.listener);
  const clients: CriClient[] = [];
  const connect = async () => {
    const cri = await CriClient.connect(path);
    clients.push(cri);
    return cri;
  };
  try {
    await test({ fixture, service, socket: path, lines, cri: await connect(), connect });
  } finally {
    for (const client of clients) client[Symbol.dispose]();
    await service[Symbol.asyncDispose]();
    await serving;
    socket.unlink();
  }
}
