/**
 * The schemas for reflection: the generated one, and one for `v1alpha2` that is derived from it.
 *
 * @module
 */
import { clone, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { file_runtime } from "../proto/runtime_pb.ts";

/** Methods and fields that `v1alpha2` doesn't have. */
const NEWER_METHODS = new Set(["StreamImages", "RuntimeConfig"]);
const NEWER_FIELDS = new Set(["container_filesystems"]);

/** Returns the serialized `FileDescriptorProto`s of `runtime.v1` and `runtime.v1alpha2`. */
export function schemaFiles(): readonly Uint8Array[] {
  return [file_runtime.proto, olderFile(file_runtime.proto)].map((file) =>
    toBinary(FileDescriptorProtoSchema, file)
  );
}

function olderFile(newer: FileDescriptorProto): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, newer);
  file.name = "runtime_v1alpha2.proto";
  file.package = "runtime.v1alpha2";
  for (const service of file.service) {
    service.method = service.method.filter(({ name }) => !NEWER_METHODS.has(name));
    for (const method of service.method) {
      method.inputType = olderType(method.inputType);
      method.outputType = olderType(method.outputType);
    }
  }
  file.messageType.forEach(makeOlder);
  return file;
}

function makeOlder(message: DescriptorProto): void {
  message.field = message.field.filter(({ name }) => !NEWER_FIELDS.has(name));
  for (const field of message.field) field.typeName = olderType(field.typeName);
  message.nestedType.forEach(makeOlder);
}

function olderType(name: string): string {
  return name.replace(/^\.runtime\.v1\./, ".runtime.v1alpha2.");
}
