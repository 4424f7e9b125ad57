/**
 * Downloads and unpacks with `curl | tar`, as scripts without an image tool do.
 *
 * @module
 */
import { findTool } from "../../tests/real/tools.ts";
import type { Program } from "./compare.ts";
import { measure } from "./measure.ts";
import type { Compression, Layer } from "./tree_image.ts";

/** Returns `curl | tar` for the given layers, one after the other. It checks no digest and syncs nothing. */
export function curlTar(layers: readonly Layer[], compression: Compression): Program {
  const missing = findTool("curl") === undefined
    ? "curl is not installed"
    : compression === "zstd" && findTool("zstd") === undefined
    ? "zstd is not installed; run apt-get install zstd"
    : undefined;
  return {
    name: "curl and tar",
    isOurs: false,
    missing,
    run({ reference, directory, caFile }) {
      const [host = "", ...rest] = reference.split("/");
      const repository = rest.join("/").split(":")[0];
      const server = caFile === undefined ? `http://${host}` : `--cacert '${caFile}' https://${host}`;
      const option = compression === "gzip" ? "-xzf" : "--zstd -xf";
      const commands = layers.map(({ digest }) =>
        `curl -sf ${server}/v2/${repository}/blobs/${digest} | tar -C '${directory}/root' --numeric-owner -p ${option} -`
      );
      const script = [`mkdir -p '${directory}/root'`, ...commands].join("\n");
      return measure({ program: "bash", args: ["-euo", "pipefail", "-c", script] });
    },
  };
}
