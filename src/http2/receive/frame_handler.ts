/**
 * What each frame of the peer does.
 *
 * @module
 */
import { ControlFrameGuard } from "./control_frame_guard.ts";
import { encodeFrame, FrameFlag, FrameType, readUint31 } from "../frame/frame.ts";
import type { FrameReader } from "../frame/frame_reader.ts";
import type { FrameTarget } from "./frame_target.ts";
import type { Http2Limits } from "../frame/limits.ts";
import { connectionError, H2Code, requestLost } from "../frame/protocol_error.ts";
import { RequestFrames } from "./request_frames.ts";
import { decodeSettings, SETTINGS_ACK } from "../frame/settings.ts";
import type { Http2Stream } from "../stream/stream.ts";

/** Checks frames and carries them out. */
export class FrameHandler {
  /** Those frames that make requests. */
  readonly requests: RequestFrames;
  readonly #target: FrameTarget;
  readonly #empty: ControlFrameGuard;
  #settled = false;

  /** Begins before the peer's first SETTINGS. */
  constructor(target: FrameTarget, limits: Http2Limits) {
    this.#target = target;
    this.#empty = new ControlFrameGuard(limits.emptyFrames);
    this.requests = new RequestFrames(target, limits, this.#empty);
  }

  /** Whether the peer's first SETTINGS is here. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * Carries out the frame that the reader has found.
   *
   * @throws AppError a {@linkcode connectionError}
   */
  handle(frame: FrameReader): void {
    const { type, flags, streamId, payload } = frame;
    const { assembling } = this.requests;
    if (assembling !== undefined && (type !== FrameType.continuation || streamId !== assembling)) {
      throw connectionError(H2Code.protocolError, "another frame comes inside a header block");
    }
    if (!this.#settled && (type !== FrameType.settings || (flags & FrameFlag.ack) !== 0)) {
      throw connectionError(H2Code.protocolError, "the first frame is not SETTINGS");
    }
    switch (type) {
      case FrameType.data:
        return this.requests.data(flags, streamId, payload);
      case FrameType.headers:
        return this.requests.headers(flags, streamId, payload);
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
        return this.requests.continuation(flags, payload);
      default:
        this.#empty.count();
    }
  }

  /** Priorities are gone from the protocol (RFC 9113, section 5.3.2); only the frame's form is checked. */
  #priority(streamId: number, payload: Uint8Array): void {
    if (streamId === 0) throw connectionError(H2Code.protocolError, "PRIORITY comes on the connection");
    this.#empty.count();
    if (payload.length !== 5) return this.#target.resetForFault(streamId, H2Code.frameSizeError);
    if (readUint31(payload, 0) === streamId) this.#target.resetForFault(streamId, H2Code.protocolError);
  }

  #resetStream(streamId: number, payload: Uint8Array): void {
    if (payload.length !== 4) throw connectionError(H2Code.frameSizeError, "RST_STREAM is not four bytes");
    const stream = this.#target.streams.open.get(streamId);
    if (stream) {
      this.#target.resetByPeer(stream, requestLost("the client has reset its stream"));
    } else if (this.#target.streams.stateOf(streamId) === "idle") {
      throw connectionError(H2Code.protocolError, "RST_STREAM comes on an idle stream");
    }
  }

  #settings(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "SETTINGS comes on a stream");
    this.#empty.count();
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
    this.#empty.count();
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
}
