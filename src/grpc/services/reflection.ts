/**
 * Server reflection: `grpc.reflection.v1` and `v1alpha`, which differ only in the name. With it, tools such as grpcurl
 * work without schema files.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { DescriptorIndex } from "./descriptor_index.ts";
import type { BidiStreamMethod, MethodTable } from "../wire/method.ts";
import { StatusCode } from "../wire/status.ts";
import { fieldText, findText, lengthField, numberField, readFields, type WireField } from "../wire/wire.ts";

/** Field numbers of the `oneof` in `ServerReflectionRequest`. */
const REQUEST = { file: 3, symbol: 4, extension: 5, extensionNumbers: 6, services: 7 } as const;
const QUERIES: ReadonlySet<number> = new Set(Object.values(REQUEST));
/** Field numbers of `ServerReflectionResponse`. */
const RESPONSE = { host: 1, request: 2, files: 4, extensionNumbers: 5, services: 6, error: 7 } as const;

const SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/**
 * Returns the methods of reflection, for a server's method table.
 *
 * @param methods the other methods of the server
 * @param files serialized `FileDescriptorProto`s of these methods, including all imported files
 * @throws AppError `invalid_content` for malformed files
 */
export function reflectionMethods(methods: MethodTable, files: readonly Uint8Array[]): MethodTable {
  const index = new DescriptorIndex(files);
  const served = [...methods.keys()].map((path) => path.split("/")[1] ?? "");
  const services = [...new Set([...served, ...SERVICES])].sort();
  const method: BidiStreamMethod = {
    kind: "bidi_stream",
    respond: (request) => respond(request, index, services),
  };
  return new Map(SERVICES.map((service) => [`/${service}/ServerReflectionInfo`, method]));
}

function respond(request: Uint8Array, index: DescriptorIndex, services: readonly string[]): Uint8Array {
  // Only the last field counts, as in every `oneof`: a response to each of many fields could take minutes.
  let query: WireField | undefined;
  for (const field of readFields(request)) if (QUERIES.has(field.number)) query = field;
  const found = (query && responseField(query, index, services)) ??
    errorField(StatusCode.invalidArgument, "Cannot respond: the request has no known field");
  return concatBytes([
    lengthField(RESPONSE.host, findText(request, 1)),
    lengthField(RESPONSE.request, request),
    found,
  ]);
}

function responseField(
  field: WireField,
  index: DescriptorIndex,
  services: readonly string[],
): Uint8Array | undefined {
  const text = fieldText(field);
  switch (field.number) {
    case REQUEST.file:
      return filesField(index.file(text), text);
    case REQUEST.symbol:
      return filesField(index.symbol(text), text);
    case REQUEST.extension:
      return field.type === "bytes" ? extensionField(field.value, index) : undefined;
    case REQUEST.extensionNumbers:
      return numbersField(index.extensionNumbers(text), text);
    case REQUEST.services:
      return lengthField(RESPONSE.services, services.map((name) => lengthField(1, [lengthField(1, name)])));
    default:
      return undefined;
  }
}

function filesField(files: readonly Uint8Array[] | undefined, query: string): Uint8Array {
  if (!files) return errorField(StatusCode.notFound, `Cannot find "${query}" in the schemas of this server`);
  return lengthField(RESPONSE.files, files.map((file) => lengthField(1, file)));
}

function extensionField(query: Uint8Array, index: DescriptorIndex): Uint8Array {
  const type = findText(query, 1);
  let number = 0;
  for (const field of readFields(query)) {
    if (field.number === 2 && field.type === "varint") number = field.value;
  }
  return filesField(index.extension(type, number), `${type}:${number}`);
}

function numbersField(numbers: readonly number[] | undefined, type: string): Uint8Array {
  if (!numbers) return errorField(StatusCode.notFound, `Cannot find type "${type}"`);
  const fields = numbers.map((number) => numberField(2, number));
  return lengthField(RESPONSE.extensionNumbers, [lengthField(1, type), ...fields]);
}

function errorField(code: StatusCode, message: string): Uint8Array {
  return lengthField(RESPONSE.error, [numberField(1, code), lengthField(2, message)]);
}
