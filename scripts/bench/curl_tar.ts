/**
 * What many do without any program for images.
 *
 * @module
 */
import { findTool } from "../../tests/real/tools.ts";
import type { Contender } from "./contender.ts";
import { measure } from "./measure.ts";
import type { Layer, Packing } from "./tree_image.ts";

/** `curl | tar`, one layer after the other: no check of any digest, no sync. */
export function curlTar(layers: readonly Layer[], packing: Packing): Contender {
  const missing = findTool("curl") === undefined
    ? "curl is missing"
    : packing === "zstd" && findTool("zstd") === undefined
    ? "zstd is missing: apt-get install zstd"
    : undefined;
  return {
    name: "curl and tar",
    isOurs: false,
    missing,
    run({ reference, folder, caFile }) {
      const [host = "", ...rest] = reference.split("/");
      const repository = rest.join("/").split(":")[0];
      const server = caFile === undefined ? `http://${host}` : `--cacert '${caFile}' https://${host}`;
      const option = packing === "gzip" ? "-xzf" : "--zstd -xf";
      const lines = layers.map(({ digest }) =>
        `curl -sf ${server}/v2/${repository}/blobs/${digest} | tar -C '${folder}/root' --numeric-owner -p ${option} -`
      );
      const script = [`mkdir -p '${folder}/root'`, ...lines].join("\n");
      return measure({ program: "bash", args: ["-euo", "pipefail", "-c", script] });
    },
  };
}
