/**
 * Handles the frames of requests: HEADERS, CONTINUATION and DATA.
 *
 * @module
 */
import type { ControlFrameGuard } from "./control_frame_guard.ts";
import { ReceiveWindow } from "../stream/flow_window.ts";
import { DEFAULT_WINDOW_BYTES, encodeWindowUpdate, FrameFlag } from "../frame/frame.ts";
import type { FrameTarget } from "./frame_target.ts";
import { HeaderAssembly, withoutPadding } from "../frame/header_assembly.ts";
import { HpackDecoder } from "../hpack/decoder.ts";
import type { Http2Limits } from "../frame/limits.ts";
import { connectionError, H2Code } from "../frame/protocol_error.ts";
import { areTrailers, requestHeaders } from "./request_headers.ts";
import type { HeaderField } from "../hpack/static_table.ts";
import type { Http2Stream } from "../stream/stream.ts";

const NOTHING = new Uint8Array(0);
const CONTENT_LENGTH = /^\d{1,15}$/;

/** Opens streams and delivers their bodies. All methods can throw a `connectionError`. */
export class RequestFrames {
  readonly #target: FrameTarget;
  readonly #limits: Http2Limits;
  readonly #guard: ControlFrameGuard;
  readonly #decoder: HpackDecoder;
  readonly #window: ReceiveWindow;
  #assembly: HeaderAssembly | undefined;

  /** Creates a handler with an empty header table. */
  constructor(target: FrameTarget, limits: Http2Limits, guard: ControlFrameGuard) {
    this.#target = target;
    this.#limits = limits;
    this.#guard = guard;
    this.#decoder = new HpackDecoder(limits.headerBytes);
    this.#window = new ReceiveWindow(limits.connectionWindowBytes, DEFAULT_WINDOW_BYTES);
  }

  /** Id of the stream whose header block is incomplete: only its CONTINUATION frames may follow. */
  get assembling(): number | undefined {
    return this.#assembly?.streamId;
  }

  /** Returns the WINDOW_UPDATE that raises the connection's window above the default, if it is larger. */
  initialWindowUpdate(): Uint8Array | undefined {
    const step = this.#window.refill();
    return step === 0 ? undefined : encodeWindowUpdate(0, step);
  }

  /** Handles DATA. */
  data(flags: number, streamId: number, payload: Uint8Array): void {
    const { streams, writer } = this.#target;
    const stream = streams.open.get(streamId);
    const state = stream ? "open" : streams.stateOf(streamId);
    if (state === "idle") throw connectionError(H2Code.protocolError, "DATA is for an idle stream");
    const bytes = withoutPadding(flags, payload);
    const last = (flags & FrameFlag.endStream) !== 0;
    if (bytes.length === 0 && !last) this.#guard.count();
    if (!this.#window.consume(payload.length)) {
      throw connectionError(H2Code.flowControlError, "DATA exceeds the connection's window");
    }
    const step = this.#window.refill();
    if (step > 0) writer.control(encodeWindowUpdate(0, step));
    if (stream) this.#body(stream, bytes, payload.length, last);
    else if (state === "closed") this.#target.resetForFault(streamId, H2Code.streamClosed);
  }

  #body(stream: Http2Stream, bytes: Uint8Array, framed: number, last: boolean): void {
    if (stream.requestEnded) return this.#target.resetForFault(stream.id, H2Code.streamClosed);
    if (!stream.incoming.consume(framed)) {
      return this.#target.resetForFault(stream.id, H2Code.flowControlError);
    }
    if (!countBody(stream, bytes.length, last)) {
      return this.#target.resetForFault(stream.id, H2Code.protocolError);
    }
    if (!last) {
      const step = stream.incoming.refill();
      if (step > 0) this.#target.writer.control(encodeWindowUpdate(stream.id, step));
    }
    this.#target.deliver(stream, bytes, last);
  }

  /** Handles HEADERS. */
  headers(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId % 2 === 0) throw connectionError(H2Code.protocolError, "HEADERS has an even stream id");
    const assembly = new HeaderAssembly(streamId, flags, payload, this.#limits);
    if (flags & FrameFlag.endHeaders) this.#message(assembly);
    else this.#assembly = assembly;
  }

  /** Handles CONTINUATION. */
  continuation(flags: number, payload: Uint8Array): void {
    const assembly = this.#assembly;
    if (!assembly) throw connectionError(H2Code.protocolError, "CONTINUATION doesn't follow HEADERS");
    assembly.add(payload);
    if ((flags & FrameFlag.endHeaders) === 0) return;
    this.#assembly = undefined;
    this.#message(assembly);
  }

  #message(assembly: HeaderAssembly): void {
    const { streams } = this.#target;
    const { streamId } = assembly;
    // Decode every block, even for an ignored stream, to keep the header table in sync.
    const { fields, tooLarge } = this.#decoder.decode(assembly.block());
    const stream = streams.open.get(streamId);
    if (stream) return this.#trailers(stream, fields, assembly);
    const state = streams.stateOf(streamId);
    if (state === "closed") throw connectionError(H2Code.streamClosed, "HEADERS is for a closed stream");
    if (state === "ignored") return this.#guard.count();
    streams.lastId = streamId;
    if (streamId > streams.acceptedId) return this.#guard.count();
    const headers = tooLarge ? new Map<string, string>() : requestHeaders(fields);
    if (!headers || assembly.dependsOnItself) {
      return this.#target.resetForFault(streamId, H2Code.protocolError);
    }
    const opened = this.#target.openStream(streamId, headers, tooLarge);
    if (opened) this.#begin(opened, assembly.endsStream);
  }

  #begin(stream: Http2Stream, ended: boolean): void {
    const declared = stream.headers.get("content-length");
    const wrong = declared !== undefined && !CONTENT_LENGTH.test(declared);
    stream.bodyLeft = declared === undefined ? undefined : Number(declared);
    if (wrong || (ended && !countBody(stream, 0, true))) {
      return this.#target.resetForFault(stream.id, H2Code.protocolError);
    }
    if (!ended) return;
    this.#target.deliver(stream, NOTHING, true);
  }

  #trailers(stream: Http2Stream, fields: readonly HeaderField[], assembly: HeaderAssembly): void {
    if (stream.requestEnded) return this.#target.resetForFault(stream.id, H2Code.streamClosed);
    if (!assembly.endsStream || !areTrailers(fields) || !countBody(stream, 0, true)) {
      return this.#target.resetForFault(stream.id, H2Code.protocolError);
    }
    this.#target.deliver(stream, NOTHING, true);
  }
}

/** Subtracts body bytes from `content-length`. Returns false for too many bytes, or too few at the end. */
function countBody(stream: Http2Stream, bytes: number, last: boolean): boolean {
  if (stream.bodyLeft === undefined) return true;
  stream.bodyLeft -= bytes;
  return stream.bodyLeft >= 0 && (!last || stream.bodyLeft === 0);
}
