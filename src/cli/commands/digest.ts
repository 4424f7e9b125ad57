/**
 * `dray digest`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { credentialFrom, credentialsFor, openClient, openLocal } from "../open.ts";
import { jsonText } from "../output/json_text.ts";
import type { DIGEST } from "../table/images.ts";
import type { InputOf } from "../table/types.ts";

type DigestInput = InputOf<typeof DIGEST>;

/** Prints what a name points at, here or at its registry. */
export async function run({ args, options }: DigestInput, context: Context): Promise<void> {
  const { reference } = args;
  const digest = options.remote
    ? await remoteDigest(reference, options, context)
    : (await (await openLocal(context, "read")).find(reference)).target.digest;
  context.io.stdout.write(options.json ? jsonText({ reference, digest }) : `${digest}\n`);
}

async function remoteDigest(
  reference: string,
  options: DigestInput["options"],
  context: Context,
): Promise<string> {
  const { signal } = context;
  const credentials = await credentialsFor(reference, await credentialFrom("digest", options, context));
  const { remoteDigest: askDigest } = await import("../../image/pull/remote.ts");
  const registry = await openClient(context, options);
  try {
    return await askDigest({ registry }, reference, credentials ? { credentials, signal } : { signal });
  } finally {
    registry.close();
  }
}
