/**
 * `dray inspect`
 *
 * @module
 */
import { formatSize } from "../../../base/units.ts";
import type { ImageDetails } from "../../../image/model/types.ts";
import { formatPlatform } from "../../../oci/platform.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import { inspectJson } from "../../output/json.ts";
import { jsonText } from "../../output/text.ts";
import { pairLines, textTable } from "../../output/text_table.ts";
import type { INSPECT } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Shows one image. */
export async function run({ args, options }: InputOf<typeof INSPECT>, context: Context): Promise<void> {
  const service = await openLocal(context, "read");
  const image = await service.inspect(args.image);
  context.io.stdout.write(options.json ? jsonText(inspectJson(image)) : inspectText(image));
}

function inspectText(image: ImageDetails): string {
  const sections: readonly (readonly [heading: string, text: string])[] = [
    ["", pairLines(detailsOf(image))],
    ["Run", pairLines(runDetailsOf(image))],
    ["Labels", pairLines(Object.entries(image.imageConfig?.config.Labels ?? {}))],
    ["Annotations", pairLines(Object.entries(image.annotations))],
    ["Layers", image.layers.length === 0 ? "" : layersText(image)],
    ["Platforms", image.platforms.length === 0 ? "" : platformsText(image)],
  ];
  return sections.filter(([, text]) => text !== "")
    .map(([heading, text]) =>
      heading === "" ? text : `${heading}:\n${text.replace(/^(?=.)/gm, "  ").trimEnd()}\n`
    )
    .join("\n");
}

function detailsOf(image: ImageDetails): readonly (readonly [string, string | undefined])[] {
  const { imageConfig, platform } = image;
  return [
    ["id", image.id],
    ...image.repoTags.map((name) => ["name", name] as const),
    ...image.repoDigests.map((name) => ["digest", name] as const),
    ["manifest", image.manifest.digest],
    ["target", image.target.digest === image.manifest.digest ? undefined : image.target.digest],
    ["kind", image.kind === "artifact" ? "artifact" : undefined],
    ["platform", platform && formatPlatform(platform)],
    ["size", `${formatSize(image.size)} (${image.size} bytes)`],
    ["created", imageConfig?.created],
    ["author", imageConfig?.author],
    ["pulled", new Date(image.pulledAt).toISOString()],
    ["pinned", image.pinned ? "yes" : undefined],
    ["from", image.origins.join(", ")],
  ];
}

function runDetailsOf({ imageConfig }: ImageDetails): readonly (readonly [string, string | undefined])[] {
  if (imageConfig === undefined) return [];
  const { config } = imageConfig;
  const quoted = (list: readonly string[] | undefined) => list && JSON.stringify(list);
  return [
    ["user", config.User],
    ["directory", config.WorkingDir],
    ["entrypoint", quoted(config.Entrypoint)],
    ["command", quoted(config.Cmd)],
    ...(config.Env ?? []).map((variable) => ["environment", variable] as const),
    ["ports", Object.keys(config.ExposedPorts ?? {}).join(", ")],
    ["volumes", Object.keys(config.Volumes ?? {}).join(", ")],
    ["stop signal", config.StopSignal],
  ];
}

/** The three digests of a layer don't fit on one line, so each has its own. */
function layersText({ layers }: ImageDetails): string {
  return layers.map(({ digest, mediaType, size, diffId, chainId, present }, i) => {
    const details = pairLines([
      ["type", mediaType],
      ["size", `${formatSize(size)} (${size} bytes)`],
      ["diffId", diffId],
      ["chainId", chainId],
    ]);
    const missing = present ? "" : "  not in the store";
    return `${i + 1}. ${digest}${missing}\n${details.replace(/^(?=.)/gm, "   ")}`;
  }).join("");
}

function platformsText({ platforms }: ImageDetails): string {
  return textTable(
    [{ heading: "PLATFORM" }, { heading: "MANIFEST" }, { heading: "PRESENT" }],
    platforms.map(({ digest, platform, present }) => [
      platform === undefined ? "unknown" : formatPlatform(platform),
      digest,
      present ? "yes" : "no",
    ]),
  );
}
