/**
 * `dray verify`
 *
 * @module
 */
import { formatSize } from "../../base/units.ts";
import type { BlobFault, VerifyProgress } from "../../image/model/types.ts";
import type { Context, Ending } from "../context.ts";
import { openOnline } from "../open.ts";
import { verifyJson } from "../output/json.ts";
import { jsonText } from "../output/json_text.ts";
import { countText } from "../output/words.ts";
import { LiveLines } from "../progress/live.ts";
import { progressKindFor } from "../progress/progress.ts";
import { verifyLines } from "../progress/verify_lines.ts";
import type { VERIFY } from "../table/store.ts";
import type { InputOf } from "../table/types.ts";

/** Verifies, and repairs if asked. Ends with `integrity` if anything is bad and stays so. */
export async function run({ args, options }: InputOf<typeof VERIFY>, context: Context): Promise<Ending> {
  const { io, messages, signal } = context;
  // Only a repair changes the store: without it a store that is not ours to write can be checked too.
  const service = await openOnline(context, options, options.repair ? "write" : "read");
  let result;
  try {
    using progress = showProgress(options.quiet, context);
    result = await service.verify(args.images.length === 0 ? "all" : args.images, {
      repair: options.repair,
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      onProgress: progress.onProgress,
      signal,
    });
  } finally {
    service.close();
  }
  const bad = result.faults.filter(({ repaired }) => !repaired);
  if (options.json) io.stdout.write(jsonText(verifyJson(result)));
  else {
    io.stdout.write(result.faults.map(faultText).join(""));
    const found = result.faults.length === 0
      ? "all good"
      : `${countText(result.faults.length, "fault")}, ${result.faults.length - bad.length} repaired`;
    if (!options.quiet) {
      messages.info(`${countText(result.blobs, "blob")}, ${formatSize(result.bytes)} hashed: ${found}`);
    }
    if (bad.length > 0 && !options.repair) messages.info('"dray verify --repair" fetches what is bad again');
  }
  return bad.length > 0 ? "integrity" : "done";
}

function faultText({ digest, kind, found, names, repaired, repairError }: BlobFault): string {
  const end = repaired ? " repaired" : repairError === undefined ? "" : ` not repaired: ${repairError}`;
  const owners = names.length === 0 ? "no image" : names.join(", ");
  return `${kind} ${digest} of ${owners}: ${found}${end}\n`;
}

interface Shown extends Disposable {
  readonly onProgress: (progress: VerifyProgress) => void;
}

function showProgress(quiet: boolean, { io, environment, clock }: Context): Shown {
  const { isDumb, isCi, noColour } = environment;
  const kind = progressKindFor("auto", { isTerminal: io.stderr.isTerminal, isDumb, isCi });
  if (quiet || kind !== "tty") return { onProgress: () => {}, [Symbol.dispose]: () => {} };
  let last: VerifyProgress = { blobs: 0, totalBlobs: 0, bytes: 0, totalBytes: 0 };
  const begin = clock.now();
  const terminal = { write: io.stderr.write, size: () => io.size() };
  const live = new LiveLines((size, now) => verifyLines(last, size, now - begin), {
    terminal,
    clock,
    colours: !noColour,
  });
  return { onProgress: (progress) => last = progress, [Symbol.dispose]: () => live[Symbol.dispose]() };
}
