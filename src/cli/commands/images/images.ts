/**
 * `dray images`
 *
 * @module
 */
import { formatSize } from "../../../base/units.ts";
import type { ImageSummary } from "../../../image/model/types.ts";
import { formatPlatform } from "../../../oci/platform.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import { imageJson, namesOf } from "../../output/json.ts";
import { jsonText } from "../../output/text.ts";
import { textTable } from "../../output/text_table.ts";
import { agoText, shortId, splitName } from "../../output/labels.ts";
import type { IMAGES } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Lists images, one line per name. */
export async function run({ args, options }: InputOf<typeof IMAGES>, context: Context): Promise<void> {
  const service = await openLocal(context, "read");
  const images = await service.list(args.filter);
  const { stdout } = context.io;
  if (options.json) return stdout.write(jsonText(images.map(imageJson)));
  const idOf = options["no-trunc"] ? (digest: string) => digest : shortId;
  if (options.names) return stdout.write(lines(images.flatMap(namesOf)));
  if (options.quiet) return stdout.write(lines([...new Set(images.map(({ id }) => idOf(id)))]));
  const columns = [
    { heading: "REPOSITORY" },
    { heading: "TAG" },
    ...(options.digests ? [{ heading: "DIGEST" }] : []),
    { heading: "ID" },
    { heading: "PLATFORM" },
    { heading: "SIZE", align: "right" as const },
    { heading: "PULLED" },
  ];
  const now = Date.now();
  stdout.write(textTable(
    columns,
    images.flatMap((image) =>
      namesIn(image, options.digests).map(([repository, tag, digest]) => [
        repository,
        tag,
        ...(options.digests ? [digest] : []),
        idOf(image.id),
        platformText(image),
        formatSize(image.size),
        agoText(image.pulledAt, now),
      ])
    ),
  ));
}

/** Repository, tag and digest of each line: names with a tag first, then digests that no line shows yet. */
function namesIn(
  { repoTags, repoDigests, digests: digestOf }: ImageSummary,
  digests: boolean,
): readonly (readonly [string, string, string])[] {
  const tagged = repoTags.map((name) => [...splitName(name), digestOf[name] ?? ""] as const);
  const repositories = new Set(tagged.map(([repository]) => repository));
  const isTagged = (repository: string, digest: string) =>
    tagged.some((line) => line[0] === repository && line[2] === digest);
  const untagged = repoDigests
    .map((name) => [splitName(name)[0], "<none>", name.slice(name.indexOf("@") + 1)] as const)
    .filter(([repository, , digest]) =>
      digests ? !isTagged(repository, digest) : !repositories.has(repository)
    );
  return [...tagged, ...untagged];
}

function platformText({ platform, scope, kind }: ImageSummary): string {
  if (kind === "artifact") return "artifact";
  const text = platform === undefined ? "unknown" : formatPlatform(platform);
  return scope === "all-platforms" ? `${text} and others` : text;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
