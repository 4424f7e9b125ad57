/**
 * The `info` of a verbose image status: the entry "info" is a JSON document with the fields of containerd and of CRI-O.
 *
 * @module
 */
import { messageOf } from "../../base/errors.ts";
import type { ImageStorage } from "../../image/model/deps.ts";
import type { ImageGroup } from "../../image/model/group.ts";
import { readDocument } from "../../image/model/documents.ts";
import { readConfig } from "../../image/model/inspect.ts";
import { chainIdsOf } from "../../oci/image_config.ts";
import { isIndexType } from "../../oci/media_type.ts";

/** Returns the `info`. As in containerd, an error of the image's documents is a field of the JSON document. */
export async function verboseInfo(
  store: ImageStorage,
  { summary }: ImageGroup,
): Promise<Record<string, string>> {
  const { manifest, target, kind, pulledAt, origins, platform } = summary;
  const common = {
    manifestDigest: manifest.digest,
    indexDigest: isIndexType(target.mediaType) ? target.digest : null,
    pulledAt: new Date(pulledAt).toISOString(),
    source: origins[0] ?? null,
    platform: platform ?? null,
  };
  try {
    const { document } = await readDocument(store, manifest);
    if (document.kind !== "manifest" || kind !== "image") return { info: JSON.stringify(common) };
    const { config, diffIds, raw } = await readConfig(store, document);
    return {
      info: JSON.stringify({
        chainID: (await chainIdsOf(diffIds)).at(-1) ?? "",
        labels: config.Labels ?? {},
        imageSpec: raw,
        rootfs: diffIds,
        ...common,
      }),
    };
  } catch (error) {
    return { info: JSON.stringify({ ...common, error: messageOf(error) }) };
  }
}
