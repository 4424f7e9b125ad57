/**
 * The schema of `grpc.health.v1`, for reflection.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { lengthField, numberField } from "../wire/wire.ts";

const PACKAGE = "grpc.health.v1";
const REQUEST = "HealthCheckRequest";
const RESPONSE = "HealthCheckResponse";
const STATUS = "ServingStatus";

/** The paths of the service's methods. */
export const HEALTH_PATHS = {
  check: `/${PACKAGE}.Health/Check`,
  watch: `/${PACKAGE}.Health/Watch`,
} as const;

/** Types of `FieldDescriptorProto`. */
const TYPE_STRING = 9;
const TYPE_ENUM = 14;

/** The serialized `FileDescriptorProto`. */
export const HEALTH_FILE: Uint8Array = concatBytes([
  lengthField(1, "grpc/health/v1/health.proto"),
  lengthField(2, PACKAGE),
  lengthField(4, [lengthField(1, REQUEST), field("service", TYPE_STRING)]),
  lengthField(4, [
    lengthField(1, RESPONSE),
    field("status", TYPE_ENUM, `.${PACKAGE}.${RESPONSE}.${STATUS}`),
    lengthField(4, [
      lengthField(1, STATUS),
      ...["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"].map((name, number) =>
        lengthField(2, [lengthField(1, name), numberField(2, number)])
      ),
    ]),
  ]),
  lengthField(6, [lengthField(1, "Health"), method("Check"), method("Watch", numberField(6, 1))]),
  lengthField(12, "proto3"),
]);

/** Encodes an optional field with number 1. */
function field(name: string, type: number, typeName = ""): Uint8Array {
  const parts = [lengthField(1, name), numberField(3, 1), numberField(4, 1), numberField(5, type)];
  if (typeName !== "") parts.push(lengthField(6, typeName));
  return lengthField(2, parts);
}

function method(name: string, ...more: Uint8Array[]): Uint8Array {
  const input = lengthField(2, `.${PACKAGE}.${REQUEST}`);
  return lengthField(2, [lengthField(1, name), input, lengthField(3, `.${PACKAGE}.${RESPONSE}`), ...more]);
}
