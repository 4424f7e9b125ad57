/**
 * `dray verify`
 *
 * @module
 */
import { formatSize } from "../../../base/units.ts";
import type { BlobFault } from "../../../image/model/types.ts";
import type { CommandOutcome, Context } from "../../context/context.ts";
import { openOnline } from "../../context/open.ts";
import { verifyJson } from "../../output/json.ts";
import { jsonText } from "../../output/text.ts";
import { countText } from "../../output/labels.ts";
import { showVerifying } from "../../progress/verifying.ts";
import type { VERIFY } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Verifies, and repairs with `--repair`. Exits with `integrity` if a fault remains. */
export async function run(
  { args, options }: InputOf<typeof VERIFY>,
  context: Context,
): Promise<CommandOutcome> {
  const { io, messages, signal } = context;
  // Only a repair writes; without one, a read-only store can be verified too.
  const service = await openOnline(context, options, options.repair ? "write" : "read");
  let result;
  try {
    using progress = showVerifying(options.quiet, context);
    result = await service.verify(args.images.length === 0 ? "all" : args.images, {
      repair: options.repair,
      quick: options.quick,
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      onProgress: progress.onProgress,
      signal,
    });
  } finally {
    service.close();
  }
  const remaining = result.faults.filter(({ repaired }) => !repaired);
  if (options.json) io.stdout.write(jsonText(verifyJson(result)));
  else {
    io.stdout.write(result.faults.map(faultText).join(""));
    const found = result.faults.length === 0
      ? "no faults"
      : `${countText(result.faults.length, "fault")}, ${result.faults.length - remaining.length} repaired`;
    if (!options.quiet) {
      const layers = result.layers > 0 ? `, ${countText(result.layers, "unpacked layer")}` : "";
      const work = options.quick ? "" : " hashed";
      messages.info(
        `${countText(result.blobs, "blob")}, ${formatSize(result.bytes)}${work}${layers}: ${found}`,
      );
    }
    if (remaining.length > 0 && !options.repair) {
      messages.info('Re-fetch damaged blobs and unpack damaged layers again with "dray verify --repair"');
    }
  }
  return remaining.length > 0 ? "integrity" : "done";
}

function faultText({ digest, object, kind, found, names, repaired, repairError }: BlobFault): string {
  const result = repaired
    ? "repaired"
    : repairError === undefined
    ? found
    : `${found}; not repaired: ${repairError}`;
  const owners = names.length === 0 ? "no image" : names.join(", ");
  const what = object === "layer" ? `${kind} unpacked layer` : kind;
  return `${what} ${digest} of ${owners}: ${result}\n`;
}
