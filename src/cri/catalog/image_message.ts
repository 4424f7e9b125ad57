/**
 * Images as CRI messages, encoded once.
 *
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { lengthField } from "../../grpc/wire/wire.ts";
import type { ImageMetadata } from "../../image/model/metadata.ts";
import type { ImageSummary } from "../../image/model/types.ts";
import { ImageSchema } from "../proto/runtime_pb.ts";
import { parseImageUser } from "./user.ts";

/** `ListImagesResponse.images`, `StreamImagesResponse.images` and `ImageStatusResponse.image` have this number. */
const IMAGE_FIELD = 1;

/**
 * An image as a field of a response, with its tag and length: a list of images is the fields of all, one after the
 * other, and the status of one is its field alone.
 */
export function imageField(
  summary: ImageSummary,
  facts: ImageMetadata | undefined,
  pinned: boolean,
): Uint8Array {
  const { id, repoTags, repoDigests, size } = summary;
  const { uid, username } = parseImageUser(facts?.user);
  const annotations = facts?.annotations ?? {};
  const image = create(ImageSchema, {
    id,
    repoTags: [...repoTags],
    repoDigests: [...repoDigests],
    // A kubelet refuses an image of no size.
    size: BigInt(Math.max(1, size)),
    ...(uid === undefined ? {} : { uid: { value: uid } }),
    ...(username === undefined ? {} : { username }),
    ...(Object.keys(annotations).length === 0 ? {} : { spec: { annotations } }),
    pinned,
  });
  return lengthField(IMAGE_FIELD, toBinary(ImageSchema, image));
}
