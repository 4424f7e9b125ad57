/**
 * Handles the frames of the peer, except those of requests.
 *
 * @module
 */
import { ControlFrameGuard } from "./control_frame_guard.ts";
import { encodeFrame, FrameFlag, FrameType, readUint31 } from "../frame/frame.ts";
import type { FrameReader } from "../frame/frame_reader.ts";
import type { FrameTarget } from "./frame_target.ts";
import type { Http2Limits } from "../frame/limits.ts";
import { connectionError, H2Code, requestAborted } from "../frame/protocol_error.ts";
import { RequestFrames } from "./request_frames.ts";
import { decodeSettings, SETTINGS_ACK } from "../frame/settings.ts";
import type { Http2Stream } from "../stream/stream.ts";

/** A client may send a PING and two WINDOW_UPDATEs per part of a response that it reads. */
const FRAMES_PER_PART = 4;

/** Validates frames and executes them. */
export class FrameHandler {
  /** Handles HEADERS, CONTINUATION and DATA. */
  readonly requests: RequestFrames;
  readonly #target: FrameTarget;
  readonly #guard: ControlFrameGuard;
  /** For PING, WINDOW_UPDATE, and RST_STREAM for a stream that has ended. */
  readonly #responseGuard: ControlFrameGuard;
  #creditedParts = 0;
  #settingsReceived = false;

  /** Creates a handler that expects SETTINGS first. */
  constructor(target: FrameTarget, limits: Http2Limits) {
    this.#target = target;
    this.#guard = new ControlFrameGuard(limits.emptyFrames);
    this.#responseGuard = new ControlFrameGuard(limits.pingAndWindowFrames);
    this.requests = new RequestFrames(target, limits, this.#guard);
  }

  /** Whether the peer's first SETTINGS was received. */
  get settingsReceived(): boolean {
    return this.#settingsReceived;
  }

  /**
   * Executes the current frame of the reader.
   *
   * @throws AppError a {@linkcode connectionError}
   */
  handle(frame: FrameReader): void {
    const { type, flags, streamId, payload } = frame;
    const { assembling } = this.requests;
    if (assembling !== undefined && (type !== FrameType.continuation || streamId !== assembling)) {
      throw connectionError(H2Code.protocolError, "another frame is inside a header block");
    }
    if (!this.#settingsReceived && (type !== FrameType.settings || (flags & FrameFlag.ack) !== 0)) {
      throw connectionError(H2Code.protocolError, "the first frame isn't SETTINGS");
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
        throw connectionError(H2Code.protocolError, "the client sent PUSH_PROMISE");
      case FrameType.ping:
        return this.#ping(flags, streamId, payload);
      case FrameType.goAway:
        return this.#goAway(streamId, payload);
      case FrameType.windowUpdate:
        return this.#windowUpdate(streamId, payload);
      case FrameType.continuation:
        return this.requests.continuation(flags, payload);
      default:
        this.#guard.count();
    }
  }

  /** Priorities are deprecated (RFC 9113, section 5.3.2), so only the format is validated. */
  #priority(streamId: number, payload: Uint8Array): void {
    if (streamId === 0) throw connectionError(H2Code.protocolError, "PRIORITY has no stream");
    this.#guard.count();
    if (payload.length !== 5) return this.#target.resetForFault(streamId, H2Code.frameSizeError);
    if (readUint31(payload, 0) === streamId) this.#target.resetForFault(streamId, H2Code.protocolError);
  }

  #resetStream(streamId: number, payload: Uint8Array): void {
    if (payload.length !== 4) {
      throw connectionError(H2Code.frameSizeError, "RST_STREAM doesn't have four bytes");
    }
    const stream = this.#target.streams.open.get(streamId);
    if (stream) {
      this.#target.resetByPeer(stream, requestAborted("the client has reset its stream"));
    } else if (this.#target.streams.stateOf(streamId) === "idle") {
      throw connectionError(H2Code.protocolError, "RST_STREAM is for an idle stream");
    } else this.#countResponseFrame();
  }

  #settings(flags: number, streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "SETTINGS is for a stream");
    this.#guard.count();
    if (flags & FrameFlag.ack) {
      if (payload.length > 0) {
        throw connectionError(H2Code.frameSizeError, "a SETTINGS acknowledgement has a payload");
      }
      return;
    }
    const { windowBytes } = decodeSettings(payload);
    if (windowBytes !== undefined) this.#moveWindows(windowBytes);
    this.#settingsReceived = true;
    this.#target.writer.control(SETTINGS_ACK);
  }

  /** A new initial window changes the windows of the open streams by the difference (RFC 9113, section 6.9.2). */
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
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "PING is for a stream");
    if (payload.length !== 8) throw connectionError(H2Code.frameSizeError, "PING doesn't have eight bytes");
    this.#countResponseFrame();
    if (flags & FrameFlag.ack) this.#target.pingAcknowledged();
    else this.#target.writer.control(encodeFrame(FrameType.ping, FrameFlag.ack, 0, payload));
  }

  /**
   * The client opens no more streams and closes the connection after the open ones: nothing to do. Its last stream id
   * is ignored, because the server opens no streams (grpc-go sends an odd id).
   */
  #goAway(streamId: number, payload: Uint8Array): void {
    if (streamId !== 0) throw connectionError(H2Code.protocolError, "GOAWAY is for a stream");
    if (payload.length < 8) {
      throw connectionError(H2Code.frameSizeError, "GOAWAY has fewer than eight bytes");
    }
    this.#guard.count();
  }

  #windowUpdate(streamId: number, payload: Uint8Array): void {
    const { streams, writer } = this.#target;
    if (payload.length !== 4) {
      throw connectionError(H2Code.frameSizeError, "WINDOW_UPDATE doesn't have four bytes");
    }
    this.#countResponseFrame();
    const step = readUint31(payload, 0);
    const stream = streams.open.get(streamId);
    if (streamId !== 0 && !stream && streams.stateOf(streamId) === "idle") {
      throw connectionError(H2Code.protocolError, "WINDOW_UPDATE is for an idle stream");
    }
    if (streamId === 0) {
      if (step === 0) throw connectionError(H2Code.protocolError, "WINDOW_UPDATE has no increment");
      if (!writer.window.grow(step)) {
        throw connectionError(H2Code.flowControlError, "WINDOW_UPDATE overflows the connection's window");
      }
      writer.windowGrew();
    } else if (stream) {
      if (step === 0) return this.#target.resetForFault(streamId, H2Code.protocolError);
      if (!stream.outgoing.window.grow(step)) {
        return this.#target.resetForFault(streamId, H2Code.flowControlError);
      }
      this.#unblock(stream);
    }
  }

  /** Counts a frame that clients send while they read responses. */
  #countResponseFrame(): void {
    const { writtenParts } = this.#target.writer;
    this.#responseGuard.allow((writtenParts - this.#creditedParts) * FRAMES_PER_PART);
    this.#creditedParts = writtenParts;
    this.#responseGuard.count();
  }

  #unblock(stream: Http2Stream): void {
    if (stream.outgoing.window.available > 0 && stream.outgoing.bytes > 0) this.#target.writer.ready(stream);
  }
}
