/**
 * The part of the wire format of Protocol Buffers that health and reflection need. Other services encode their messages
 * with a Protobuf library.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";

/** A field of a message: its number and its value. */
export type WireField =
  | { readonly number: number; readonly type: "varint"; readonly value: number }
  | { readonly number: number; readonly type: "bytes"; readonly value: Uint8Array };

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/**
 * Yields the fields of a message in their order. Skips fixed-width fields. Numbers above 2^53 are rounded.
 *
 * @throws AppError `invalid_content` for a malformed message
 */
export function* readFields(message: Uint8Array): Generator<WireField> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  const skip = (length: number) => {
    const start = at;
    at += length;
    if (at > message.length) throw malformed();
    return message.subarray(start, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case WIRE_VARINT:
        yield { number, type: "varint", value: varint() };
        break;
      case WIRE_BYTES:
        yield { number, type: "bytes", value: skip(varint()) };
        break;
      case WIRE_FIXED64:
        skip(8);
        break;
      case WIRE_FIXED32:
        skip(4);
        break;
      default:
        throw malformed();
    }
  }
}

/** Returns the text of a length-delimited field, or "" for another field. */
export function fieldText(field: WireField): string {
  return field.type === "bytes" ? new TextDecoder().decode(field.value) : "";
}

/** Returns the text of the first field `number`, or "". */
export function findText(message: Uint8Array, number: number): string {
  for (const field of readFields(message)) if (field.number === number) return fieldText(field);
  return "";
}

/** Yields the messages of the repeated field `number`. */
export function* readMessages(message: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of readFields(message)) {
    if (field.number === number && field.type === "bytes") yield field.value;
  }
}

/** Encodes a field with a number. */
export function numberField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varintBytes(number * 8 + WIRE_VARINT), ...varintBytes(value)]);
}

/** Encodes a length-delimited field: text, bytes, or a message as its parts. */
export function lengthField(number: number, value: string | Uint8Array | readonly Uint8Array[]): Uint8Array {
  const bytes = typeof value === "string"
    ? new TextEncoder().encode(value)
    : value instanceof Uint8Array
    ? value
    : concatBytes(value);
  const tag = varintBytes(number * 8 + WIRE_BYTES);
  return concatBytes([Uint8Array.from([...tag, ...varintBytes(bytes.length)]), bytes]);
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

function malformed(): AppError {
  return new AppError("invalid_content", "Cannot read a protobuf message: it is malformed");
}
