/**
 * Commands about pins.
 *
 * @module
 */
import { quiet } from "./shared.ts";
import { command } from "./types.ts";

const IMAGE = { count: "some", value: "IMAGE", hint: "image", summary: "names or ids" } as const;

/** `dray pin` */
export const PIN = command({
  group: "Images",
  summary: "Keep a kubelet from removing images",
  description: [
    "A kubelet that runs out of space leaves pinned images alone. All names of the image are pinned, and a pin stays when " +
    "a name is pulled anew. dray rm removes pinned images like others.",
  ],
  positionals: { images: IMAGE },
  options: { quiet: quiet("print nothing") },
  examples: [{ line: "dray pin registry.k8s.io/pause:3.10", note: "stays whatever happens" }],
  exits: ["not-found", "denied"],
  needs: ["store-read", "store-write"],
});

/** `dray unpin` */
export const UNPIN = command({
  group: "Images",
  summary: "Take pins away",
  description: ["What a server pins by its --pinned option stays pinned."],
  positionals: { images: IMAGE },
  options: { quiet: quiet("print nothing") },
  examples: [{ line: "dray unpin registry.k8s.io/pause:3.10", note: "a kubelet may remove it again" }],
  exits: ["not-found", "denied"],
  needs: ["store-read", "store-write"],
});
