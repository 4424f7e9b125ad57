/**
 * Encodes images as CRI messages.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { lengthField } from "../../grpc/wire/wire.ts";
import type { ImageMetadata } from "../../image/model/metadata.ts";
import type { ImageSummary } from "../../image/model/types.ts";
import { ImageSchema } from "../proto/runtime_pb.ts";
import { parseImageUser } from "./user.ts";

/** Field number of `images` in List- and StreamImagesResponse, and of `image` in ImageStatusResponse. */
const IMAGE_FIELD = 1;

/**
 * Encodes an image as a field of a response, with tag and length. A list response is the concatenation of such fields;
 * a status response is one of them.
 */
export function imageField(
  summary: ImageSummary,
  metadata: ImageMetadata | undefined,
  pinned: boolean,
): Uint8Array {
  const { id, repoTags, repoDigests, size } = summary;
  const { uid, username } = parseImageUser(metadata?.user);
  const annotations = metadata?.annotations ?? {};
  const image = create(ImageSchema, {
    id,
    repoTags: [...repoTags],
    repoDigests: [...repoDigests],
    // A kubelet refuses an image with size 0.
    size: BigInt(Math.max(1, size)),
    ...(uid === undefined ? {} : { uid: { value: uid } }),
    ...(username === undefined ? {} : { username }),
    ...(Object.keys(annotations).length === 0 ? {} : { spec: { annotations } }),
    pinned,
  });
  return lengthField(IMAGE_FIELD, toBinary(ImageSchema, image));
}
