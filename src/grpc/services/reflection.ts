/**
 * Server reflection, `grpc.reflection.v1` and `v1alpha`, which differ in name only: so that grpcurl and its like
 * work without schemas.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { DescriptorIndex } from "./descriptor_index.ts";
import type { BidiStreamMethod, MethodTable } from "../wire/method.ts";
import { StatusCode } from "../wire/status.ts";
import { fieldText, findText, lengthField, numberField, readFields, type WireField } from "../wire/wire.ts";

/** Field numbers of `ServerReflectionRequest`; one of those after `host` is the question. */
const ASK = { file: 3, symbol: 4, extension: 5, extensionNumbers: 6, services: 7 } as const;
/** Field numbers of `ServerReflectionResponse`. */
const ANSWER = { host: 1, request: 2, files: 4, extensionNumbers: 5, services: 6, error: 7 } as const;

const SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/**
 * The methods of reflection, to be added to a server's table.
 *
 * @param methods what the server serves beside reflection
 * @param files serialized `FileDescriptorProto`s of these services, the imported ones included
 * @throws AppError `invalid_content` if a file can't be read
 */
export function reflectionMethods(methods: MethodTable, files: readonly Uint8Array[]): MethodTable {
  const index = new DescriptorIndex(files);
  const served = [...methods.keys()].map((path) => path.split("/")[1] ?? "");
  const services = [...new Set([...served, ...SERVICES])].sort();
  const method: BidiStreamMethod = {
    kind: "exchange",
    respond: (request) => answer(request, index, services),
  };
  return new Map(SERVICES.map((service) => [`/${service}/ServerReflectionInfo`, method]));
}

function answer(request: Uint8Array, index: DescriptorIndex, services: readonly string[]): Uint8Array {
  let found = errorAnswer(
    StatusCode.invalidArgument,
    "Cannot answer: the request asks nothing that is known",
  );
  for (const field of readFields(request)) found = answerField(field, index, services) ?? found;
  return concatBytes([
    lengthField(ANSWER.host, findText(request, 1)),
    lengthField(ANSWER.request, request),
    found,
  ]);
}

function answerField(
  field: WireField,
  index: DescriptorIndex,
  services: readonly string[],
): Uint8Array | undefined {
  const text = fieldText(field);
  switch (field.number) {
    case ASK.file:
      return filesAnswer(index.file(text), text);
    case ASK.symbol:
      return filesAnswer(index.symbol(text), text);
    case ASK.extension:
      return field.type === "bytes" ? extensionAnswer(field.value, index) : undefined;
    case ASK.extensionNumbers:
      return numbersAnswer(index.extensionNumbers(text), text);
    case ASK.services:
      return lengthField(ANSWER.services, services.map((name) => lengthField(1, [lengthField(1, name)])));
    default:
      return undefined;
  }
}

function filesAnswer(files: readonly Uint8Array[] | undefined, asked: string): Uint8Array {
  if (!files) return errorAnswer(StatusCode.notFound, `Cannot find "${asked}" among the schemas served here`);
  return lengthField(ANSWER.files, files.map((file) => lengthField(1, file)));
}

function extensionAnswer(asked: Uint8Array, index: DescriptorIndex): Uint8Array {
  const type = findText(asked, 1);
  let number = 0;
  for (const field of readFields(asked)) {
    if (field.number === 2 && field.type === "varint") number = field.value;
  }
  return filesAnswer(index.extension(type, number), `${type}:${number}`);
}

function numbersAnswer(numbers: readonly number[] | undefined, type: string): Uint8Array {
  if (!numbers) return errorAnswer(StatusCode.notFound, `Cannot find type "${type}"`);
  const fields = numbers.map((number) => numberField(2, number));
  return lengthField(ANSWER.extensionNumbers, [lengthField(1, type), ...fields]);
}

function errorAnswer(code: StatusCode, message: string): Uint8Array {
  return lengthField(ANSWER.error, [numberField(1, code), lengthField(2, message)]);
}
