/**
 * `dray digest`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { credentialFrom, credentialsFor } from "../../context/credentials.ts";
import { openClient, openLocal } from "../../context/open.ts";
import type { DigestJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import type { DIGEST } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

type DigestInput = InputOf<typeof DIGEST>;

/** Prints the digest that a name points to, in the store or at its registry. */
export async function run({ args, options }: DigestInput, context: Context): Promise<void> {
  const { reference } = args;
  const digest = options.remote
    ? await digestAtRegistry(reference, options, context)
    : (await (await openLocal(context, "read")).find(reference)).target.digest;
  const json: DigestJson = { reference, digest };
  context.io.stdout.write(options.json ? jsonText(json) : `${digest}\n`);
}

async function digestAtRegistry(
  reference: string,
  options: DigestInput["options"],
  context: Context,
): Promise<string> {
  const { signal } = context;
  const credentials = await credentialsFor(reference, await credentialFrom("digest", options, context));
  const { remoteDigest } = await import("../../../image/pull/remote.ts");
  const registry = await openClient(context, options);
  try {
    return await remoteDigest({ registry }, reference, credentials ? { credentials, signal } : { signal });
  } finally {
    registry.close();
  }
}
