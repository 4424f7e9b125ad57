/**
 * SETTINGS (RFC 9113, section 6.5).
 *
 * @module
 */
import {
  encodeFrame,
  FRAME_PAYLOAD_BYTES,
  FrameFlag,
  FrameType,
  readUint16,
  readUint32,
  WINDOW_MAX_BYTES,
  writeUint32,
} from "./frame.ts";
import type { Http2Limits } from "./limits.ts";
import { connectionError, H2Code } from "./protocol_error.ts";

const SettingId = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

const SETTING_BYTES = 6;
const MAX_FRAME_SIZE_LIMIT = 0xff_ffff;

/**
 * The settings of the peer that affect this server. It never pushes, uses no dynamic header table, and sends no frame
 * above the minimum that every peer accepts.
 */
export interface PeerSettings {
  /** The initial send window of each stream, in bytes. */
  readonly windowBytes?: number;
}

/** The acknowledgement of the peer's SETTINGS. */
export const SETTINGS_ACK: Uint8Array = encodeFrame(FrameType.settings, FrameFlag.ack, 0, new Uint8Array(0));

/**
 * Decodes the payload of a SETTINGS frame. Of several values for one setting, the last one counts.
 *
 * @throws AppError a {@linkcode connectionError}
 */
export function decodeSettings(payload: Uint8Array): PeerSettings {
  if (payload.length % SETTING_BYTES !== 0) {
    throw connectionError(H2Code.frameSizeError, "SETTINGS is not a multiple of six bytes");
  }
  const settings: { windowBytes?: number } = {};
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    const value = readUint32(payload, at + 2);
    switch (readUint16(payload, at)) {
      case SettingId.enablePush:
        if (value > 1) throw connectionError(H2Code.protocolError, "ENABLE_PUSH is not 0 or 1");
        break;
      case SettingId.initialWindowSize:
        if (value > WINDOW_MAX_BYTES) {
          throw connectionError(H2Code.flowControlError, "INITIAL_WINDOW_SIZE is above 2^31-1");
        }
        settings.windowBytes = value;
        break;
      case SettingId.maxFrameSize:
        if (value < FRAME_PAYLOAD_BYTES || value > MAX_FRAME_SIZE_LIMIT) {
          throw connectionError(H2Code.protocolError, "MAX_FRAME_SIZE is not in 2^14..2^24-1");
        }
        break;
    }
  }
  return settings;
}

/** Encodes our SETTINGS frame. */
export function encodeSettings(limits: Http2Limits): Uint8Array {
  const values: readonly (readonly [id: number, value: number])[] = [
    [SettingId.maxConcurrentStreams, limits.maxStreams],
    [SettingId.initialWindowSize, limits.streamWindowBytes],
    [SettingId.maxHeaderListSize, limits.headerBytes],
  ];
  const payload = new Uint8Array(values.length * SETTING_BYTES);
  values.forEach(([id, value], i) => {
    payload[i * SETTING_BYTES + 1] = id;
    writeUint32(payload, i * SETTING_BYTES + 2, value);
  });
  return encodeFrame(FrameType.settings, 0, 0, payload);
}
