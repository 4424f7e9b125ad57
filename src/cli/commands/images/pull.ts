/**
 * `dray pull`
 *
 * @module
 */
import type { ImageService } from "../../../image/service.ts";
import type { PullOptions, PullResult } from "../../../image/model/types.ts";
import { formatSize } from "../../../base/units.ts";
import { parsePlatform } from "../../../oci/platform.ts";
import { parseReference } from "../../../oci/reference.ts";
import type { CommandOutcome, Context } from "../../context/context.ts";
import { exitNameOf } from "../../table/exit_codes.ts";
import { credentialFrom, credentialsFor } from "../../context/credentials.ts";
import { openPulling } from "../../context/open.ts";
import { pullJson } from "../../output/json.ts";
import { jsonText } from "../../output/text.ts";
import { openProgress } from "../../progress/open_progress.ts";
import { type ProgressKind, progressKindFor } from "../../progress/progress.ts";
import type { PULL } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/**
 * Pulls the images in order. A failure doesn't prevent the next pull; the first failure determines the exit
 * code.
 */
export async function run(
  { args, options }: InputOf<typeof PULL>,
  context: Context,
): Promise<CommandOutcome> {
  const { io, messages, environment, signal } = context;
  // Report a mistake in the last name before the first image is pulled, which may take an hour.
  for (const reference of args.references) parseReference(reference);
  const kind = progressKindFor(options.quiet ? "none" : options.progress, {
    isTerminal: io.stderr.isTerminal,
    isDumb: environment.isDumb,
    isCi: environment.isCi,
  });
  const pullOptions: PullOptions = {
    allPlatforms: options["all-platforms"],
    unpack: options.unpack,
    ...(options.platform === undefined ? {} : { platform: parsePlatform(options.platform) }),
    ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
    signal,
  };
  const credential = await credentialFrom("pull", options, context);
  const [reference = ""] = args.references;
  const credentials = await credentialsFor(reference, credential);
  const first = { reference, signal, ...(credentials === undefined ? {} : { credentials }) };
  const service = await openPulling(context, options, first);
  const results: PullResult[] = [];
  let failure: unknown;
  try {
    for (const reference of args.references) {
      try {
        const credentials = await credentialsFor(reference, credential);
        const own = credentials === undefined ? pullOptions : { ...pullOptions, credentials };
        const result = await pullOne(service, reference, kind, own, context);
        results.push(result);
        if (!options.json) io.stdout.write(resultLine(result, options.quiet));
      } catch (error) {
        if (signal.aborted || args.references.length === 1) throw error;
        if (error instanceof Deno.errors.BrokenPipe) throw error;
        messages.error(error);
        failure ??= error;
      }
    }
  } finally {
    service.close();
  }
  if (options.json) io.stdout.write(jsonText(results.map(pullJson)));
  return failure === undefined ? "done" : exitNameOf(failure);
}

async function pullOne(
  service: ImageService,
  reference: string,
  kind: ProgressKind,
  options: PullOptions,
  context: Context,
): Promise<PullResult> {
  const { messages, clock, signal } = context;
  const progress = await openProgress(kind, reference, context);
  const begin = clock.now();
  try {
    const result = await service.pull(reference, { ...options, onEvent: progress.onEvent });
    progress.end("done");
    if (kind === "tty" || kind === "plain") messages.info(summary(result, clock.now() - begin));
    return result;
  } catch (error) {
    progress.end(signal.aborted ? "interrupted" : "failed");
    const retained = progress.retainedBytes();
    if (retained > 0 && kind !== "json") {
      messages.info(
        `${
          formatSize(retained)
        } (${retained} bytes) of incomplete layers are kept: the next pull resumes from there`,
      );
    }
    throw error;
  }
}

/** The name with its digest identifies exactly what was pulled, for any other tool too. */
function resultLine({ image, name }: PullResult, quiet: boolean): string {
  if (quiet) return `${image.id}\n`;
  return `${name.includes("@") ? name : `${name}@${image.target.digest}`}\n`;
}

function summary({ name, fetched, present }: PullResult, ms: number): string {
  if (fetched === 0) return `${name} is already complete: nothing downloaded`;
  const seconds = Math.max(ms, 1) / 1000;
  const rate = formatSize(Math.round(fetched / seconds));
  const already = present > 0 ? `, ${formatSize(present)} already present` : "";
  return `Pulled ${name}: ${formatSize(fetched)} in ${seconds.toFixed(1)} s (${rate}/s)${already}`;
}
