/**
 * The methods of ImageService and RuntimeService, under both versions of the API.
 *
 * @module
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type Codec, type Method, type MethodTable, serverStream, unary } from "../../grpc/wire/method.ts";
import { CRI_APIS, type CriApi } from "../protocol/api.ts";
import type { ImageCalls } from "./image_calls.ts";
import {
  ImageFsInfoRequestSchema,
  ImageFsInfoResponseSchema,
  ImageStatusRequestSchema,
  ImageStatusResponseSchema,
  ListImagesRequestSchema,
  ListImagesResponseSchema,
  PullImageRequestSchema,
  PullImageResponseSchema,
  RemoveImageRequestSchema,
  RemoveImageResponseSchema,
  RuntimeConfigRequestSchema,
  RuntimeConfigResponseSchema,
  StatusRequestSchema,
  StatusResponseSchema,
  StreamImagesRequestSchema,
  StreamImagesResponseSchema,
  VersionRequestSchema,
  VersionResponseSchema,
} from "../proto/runtime_pb.ts";
import { statusResponse, versionResponse } from "./runtime.ts";

/** Returns all methods by path. */
export function criMethods(calls: ImageCalls, version: string): MethodTable {
  const table = new Map<string, Method>();
  for (const api of CRI_APIS) {
    for (const [name, method] of Object.entries(imageMethods(api, calls))) {
      table.set(`/runtime.${api}.ImageService/${name}`, method);
    }
    for (const [name, method] of Object.entries(runtimeMethods(api, version))) {
      table.set(`/runtime.${api}.RuntimeService/${name}`, method);
    }
  }
  return table;
}

function imageMethods(api: CriApi, calls: ImageCalls): Record<string, Method> {
  const methods: Record<string, Method> = {
    ListImages: unary(
      codec(ListImagesRequestSchema, ListImagesResponseSchema),
      ({ filter }) => calls.list(filter?.image?.image ?? ""),
    ),
    ImageStatus: unary(
      codec(ImageStatusRequestSchema, ImageStatusResponseSchema),
      ({ image, verbose }) => calls.status(image?.image ?? "", verbose),
    ),
    PullImage: unary(
      codec(PullImageRequestSchema, PullImageResponseSchema),
      async ({ image, auth }, _call, signal) => ({ imageRef: await calls.pull(image, auth, signal) }),
    ),
    RemoveImage: unary(
      codec(RemoveImageRequestSchema, RemoveImageResponseSchema),
      async ({ image }, _call, signal) => {
        await calls.remove(image?.image ?? "", signal);
        return {};
      },
    ),
    ImageFsInfo: unary(
      codec(ImageFsInfoRequestSchema, ImageFsInfoResponseSchema),
      () => calls.fsInfo(api),
    ),
  };
  if (api === "v1alpha2") return methods;
  return {
    ...methods,
    StreamImages: serverStream(
      codec(StreamImagesRequestSchema, StreamImagesResponseSchema),
      ({ filter }) => calls.stream(filter?.image?.image ?? ""),
    ),
  };
}

function runtimeMethods(api: CriApi, version: string): Record<string, Method> {
  const methods: Record<string, Method> = {
    Version: unary(codec(VersionRequestSchema, VersionResponseSchema), () => versionResponse(api, version)),
    Status: unary(
      codec(StatusRequestSchema, StatusResponseSchema),
      ({ verbose }) => statusResponse(verbose ? { version: JSON.stringify({ dray: version }) } : {}),
    ),
  };
  if (api === "v1alpha2") return methods;
  // Without a cgroup driver in the response, a kubelet uses its own configuration.
  const config = unary(codec(RuntimeConfigRequestSchema, RuntimeConfigResponseSchema), () => ({}));
  return { ...methods, RuntimeConfig: config };
}

/** Unknown fields of requests are dropped: they aren't used and could contain secrets. */
const READ_OPTIONS = { readUnknownFields: false };

function codec<I extends DescMessage, O extends DescMessage>(
  request: I,
  response: O,
): Codec<MessageShape<I>, MessageInitShape<O>> {
  return {
    decode: (bytes) => fromBinary(request, bytes, READ_OPTIONS),
    encode: (message) => toBinary(response, create(response, message)),
  };
}
