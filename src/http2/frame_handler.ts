/**
 * What each frame of the peer does.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { ReceiveWindow } from "./flow_window.ts";
import {
  DEFAULT_WINDOW_BYTES,
  encodeFrame,
  encodeWindowUpdate,
  FrameFlag,
  FrameType,
  readUint31,
} from "./frame.ts";
import type { FrameReader } from "./frame_reader.ts";
import { HeaderAssembly, withoutPadding } from "./header_assembly.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import type { Http2Limits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { connectionError, H2Code } from "./protocol_error.ts";
import { areTrailers, requestHeaders } from "./request_headers.ts";
import { decodeSettings, SETTINGS_ACK } from "./settings.ts";
import type { HeaderField } from "./static_table.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream_table.ts";
import { TokenBucket } from "./token_bucket.ts";

/** What the frames act on. */
export interface FrameTarget {
  /** The streams of the connection. */
  readonly streams: StreamTable;
  /** Its writing half. */
  readonly outbox: Outbox;
  /** Opens a stream for a well-formed request. */
  openStream(
    streamId: number,
    headers: ReadonlyMap<string, string>,
    tooLarge: boolean,
  ): Http2Stream | undefined;
  /** Resets a stream, open or not, for a fault of the peer. */
  resetForFault(streamId: number, code: H2Code): void;
  /** The peer has reset a stream. */
  resetByPeer(stream: Http2Stream, reason: AppError): void;
  /** Gives the stream's sink the next bytes of the body. */
  deliver(stream: Http2Stream, bytes: Uint8Array, last: boolean): void;
  /** The peer answers our PING. */
  pinged(): void;
  /** The peer's window for new streams. */
  peerWindowBytes: number;
}

const NOTHING = new Uint8Array(0);
const CONTENT_LENGTH = /^\d{1,15}$/;

/** Checks frames and carries them out. */
export class FrameHandler {
  readonly #target: FrameTarget;
  readonly #limits: Http2Limits;
  readonly #decoder: HpackDecoder;
  readonly #emptyFrames: TokenBucket;
  readonly #window: ReceiveWindow;
  #assembly: HeaderAssembly | undefined;
  #settled = false;

  /** Begins before the peer's first SETTINGS. */
  constructor(target: FrameTarget, limits: Http2Limits) {
    this.#target = target;
    this.#limits = limits;
    this.#decoder = new HpackDecoder(limits.headerBytes);
    this.#emptyFrames = new TokenBucket(limits.emptyFrames, performance.now());
    this.#window = new ReceiveWindow(limits.connectionWindowBytes, DEFAULT_WINDOW_BYTES);
  }

  /** Whether the peer's first SETTINGS is here. */
  get settled(): boolean {
    return this.#settled;
  }

  /** The connection's window beyond the default, to be announced with our SETTINGS. */
  openingUpdate(): Uint8Array | undefined {
    const step = this.#window.refill();
    return step === 0 ? undefined : encodeWindowUpdate(0, step);
  }

  /**
   * Carries out the frame that the reader has found.
   *
   * @throws AppError a {@linkcode connectionError}
   */
  handle(frame: FrameReader): void {
    const { type, flags, streamId, payload } = frame;
    if (this.#assembly && (type !== FrameType.continuation || streamId !== this.#assembly.streamId)) {
      throw connectionError(H2Code.protocolError, "another frame comes inside a header block");
    }
    if (!this.#settled && (type !== FrameType.settings || (flags & FrameFlag.ack) !== 0)) {
      throw connectionError(H2Code.protocolError, "the first frame is not SETTINGS");
    }
    switch (type) {
      case FrameType.data:
        return this.#data(flags, streamId, payload);
      case FrameType.headers:
        return this.#headers(flags, streamId, payload);
      case FrameType.priority:
        return this.#priority(streamId, payload);
      case FrameType.resetStream:
        return this.#resetStream(streamId, payload);
      case FrameType.settings:
        return this.#settings(flags, streamId, payload);
      case FrameType.pushPromise:
        throw connectionError(H2Code.protocolError, "a client sends PUSH_PROMISE");
      case FrameType.ping:
        return this.#ping(flags, streamId, payload);
      case FrameType.goAway:
        return this.#goAway(streamId, payload);
      case FrameType.windowUpdate:
        return this.#windowUpdate(streamId, payload);
      case FrameType.continuation:
        return this.#continuation(flags, payload);
      default:
        this.#countEmpty();
    }
  }

  #data(flags: number, streamId: number, payload: Uint8Array): void {
    const { streams, outbox } = this.#target;
    const stream = streams.open.get(streamId);
    const state = stream ? "open" : streams.stateOf(streamId);
    if (state === "idle") throw connectionError(H2Code.protocolError, "DATA comes on an idle stream");
    const bytes = withoutPadding(flags, payload);
    const last = (flags & FrameFlag.endStream) !== 0;
    if (bytes.length === 0 && !last) this.#countEmpty();
    if (!this.#window.take(payload.length)) {
      throw connectionError(H2Code.flowControlError, "DATA exceeds the connection's window");
    }
    const step = this.#window.refill();
    if (step > 0) outbox.control(encodeWindowUpdate(0, step));
    if (stream) this.#body(stream, bytes, payload.length, last);
    else if (state === "closed") this.#target.resetForFault(streamId, H2Code.streamClosed);
  }

  #body(stream: Http2Stream, bytes: Uint8Array, framed: number, last: boolean): void {
    if (stream.requestEnded) return this.#target.resetForFault(stream.id, H2Code.streamClosed);
    if (!stream.incoming.take(framed)) return this.#target.resetForFault(stream.id, H2Code.flowControlError);
    if (!countBody(stream, bytes.length, last)) {
      return this.#target.resetForFault(stream.id, H2Code.protocolError);
    }
    if (!last) {
      const step = stream.incoming.refill();
      if (step > 0) this.#target.outbox.control(encodeWindowUpdate(stream.id, step));
    }
    this.#target.deliver(stream, bytes, last);
  }

  #headers(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId % 2 === 0) throw connectionError(H2Code.protocolError, "HEADERS comes on an even stream");
    const assembly = new HeaderAssembly(streamId, flags, payload, this.#limits);
    if (flags & FrameFlag.endHeaders) this.#message(assembly);
    else this.#assembly = assembly;
  }

  #continuation(flags: number, payload: Uint8Array): void {
    const assembly = this.#assembly;
    if (!assembly) throw connectionError(H2Code.protocolError, "CONTINUATION comes without HEADERS");
    assembly.add(payload);
    if ((flags & FrameFlag.endHeaders) === 0) return;
    this.#assembly = undefined;
    this.#message(assembly);
  }

  #message(assembly: HeaderAssembly): void {
    const { streams } = this.#target;
    const { streamId } = assembly;
    // Whatever becomes of the stream, the table must follow every block.
    const { fields, tooLarge } = this.#decoder.decode(assembly.block());
    const stream = streams.open.get(streamId);
    if (stream) return this.#trailers(stream, fields, assembly);
    const state = streams.stateOf(streamId);
    if (state === "closed") throw connectionError(H2Code.streamClosed, "HEADERS comes on a closed stream");
    if (state === "ignored") return;
    streams.lastId = streamId;
    if (streamId > streams.acceptedId) return;
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

  /** Priorities are gone from the protocol (RFC 9113, section 5.3.2); only the frame's form is checked. */
  #priority(streamId: number, payload: Uint8Array): void {
    if (streamId === 0) throw connectionError(H2Code.protocolError, "PRIORITY comes on the connection");
    this.#countEmpty();
    if (payload.length !== 5) return this.#target.resetForFault(streamId, H2Code.frameSizeError);
    if (readUint31(payload, 0) === streamId) this.#target.resetForFault(streamId, H2Code.protocolError);
  }

  #resetStream(streamId: number, payload: Uint8Array): void {
    if (payload.length !== 4) throw connectionError(H2Code.frameSizeError, "RST_STREAM is not four bytes");
    const stream = this.#target.streams.open.get(streamId);
    if (stream) {
      const text = "Cannot finish the request: the client has reset its stream";
      this.#target.resetByPeer(stream, new AppError("cancelled", text));
    } else if (this.#target.streams.stateOf(streamId) === "idle") {
      throw connectionError(H2Code.protocolError, "RST_STREAM comes on an idle stream");
    }
  }

  #settings(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "SETTINGS comes on a stream");
    this.#countEmpty();
    if (flags & FrameFlag.ack) {
      if (payload.length > 0) throw connectionError(H2Code.frameSizeError, "a SETTINGS answer has a payload");
      return;
    }
    const { windowBytes } = decodeSettings(payload);
    if (windowBytes !== undefined) this.#moveWindows(windowBytes);
    this.#settled = true;
    this.#target.outbox.control(SETTINGS_ACK);
  }

  /** A new initial window moves those of the open streams by the difference (RFC 9113, section 6.9.2). */
  #moveWindows(windowBytes: number): void {
    const step = windowBytes - this.#target.peerWindowBytes;
    this.#target.peerWindowBytes = windowBytes;
    for (const stream of this.#target.streams.open.values()) {
      if (!stream.outgoing.window.grow(step)) {
        throw connectionError(H2Code.flowControlError, "INITIAL_WINDOW_SIZE overflows a stream's window");
      }
      if (step > 0) this.#unblock(stream);
    }
  }

  #ping(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "PING comes on a stream");
    if (payload.length !== 8) throw connectionError(H2Code.frameSizeError, "PING is not eight bytes");
    // Not counted as empty: grpc-go sends one for each answer that it reads. Unread answers have a limit.
    if (flags & FrameFlag.ack) this.#target.pinged();
    else this.#target.outbox.control(encodeFrame(FrameType.ping, FrameFlag.ack, 0, payload));
  }

  /** The client will open no more streams, and closes when the open ones are done: nothing to do. The last
   * stream that it names means nothing, since the server opens none (grpc-go sends an odd number). */
  #goAway(streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "GOAWAY comes on a stream");
    if (payload.length < 8) {
      throw connectionError(H2Code.frameSizeError, "GOAWAY is shorter than eight bytes");
    }
    this.#countEmpty();
  }

  #windowUpdate(streamId: number, payload: Uint8Array): void {
    const { streams, outbox } = this.#target;
    if (payload.length !== 4) throw connectionError(H2Code.frameSizeError, "WINDOW_UPDATE is not four bytes");
    const step = readUint31(payload, 0);
    const stream = streams.open.get(streamId);
    if (streamId !== 0 && !stream && streams.stateOf(streamId) === "idle") {
      throw connectionError(H2Code.protocolError, "WINDOW_UPDATE comes on an idle stream");
    }
    if (streamId === 0) {
      if (step === 0) throw connectionError(H2Code.protocolError, "WINDOW_UPDATE has no increment");
      if (!outbox.window.grow(step)) {
        throw connectionError(H2Code.flowControlError, "the connection's window overflows");
      }
      outbox.windowGrew();
    } else if (stream) {
      if (step === 0) return this.#target.resetForFault(streamId, H2Code.protocolError);
      if (!stream.outgoing.window.grow(step)) {
        return this.#target.resetForFault(streamId, H2Code.flowControlError);
      }
      this.#unblock(stream);
    }
  }

  #unblock(stream: Http2Stream): void {
    if (stream.outgoing.window.available > 0 && stream.outgoing.bytes > 0) this.#target.outbox.ready(stream);
  }

  #countEmpty(): void {
    if (!this.#emptyFrames.take(performance.now())) {
      throw connectionError(H2Code.enhanceYourCalm, "too many frames carry nothing");
    }
  }
}

/** Counts body bytes against `content-length`; false if they are too many, or too few at the end. */
function countBody(stream: Http2Stream, bytes: number, last: boolean): boolean {
  if (stream.bodyLeft === undefined) return true;
  stream.bodyLeft -= bytes;
  return stream.bodyLeft >= 0 && (!last || stream.bodyLeft === 0);
}
