/**
 * What a verbose status says beside the image (`cri.md` B.3): one JSON document, the superset of what containerd and
 * CRI-O write there.
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

/** The `info` of a verbose status. Like containerd it says there what is wrong with an image's documents. */
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
