/**
 * Platforms: `os/architecture[/variant]` (OCI image spec 1.1, image-index.md, "platform").
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { asObject, asString, asStrings, defined, type JsonLocation, optional } from "./json.ts";

/** The platform of an image. The field names are those of the spec. */
export interface Platform {
  /** A GOOS value, such as `linux`. */
  readonly os: string;
  /** A GOARCH value, such as `amd64`. */
  readonly architecture: string;
  /** For example `v8` for arm64, `v7` for arm, `v2` for amd64. */
  readonly variant?: string;
  /** The version of the operating system, such as a Windows build. */
  readonly "os.version"?: string;
  /** Required features of the operating system, such as `win32k`. */
  readonly "os.features"?: readonly string[];
}

const ARCHITECTURES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  "x86_64": ["amd64"],
  "x86-64": ["amd64"],
  "amd64": ["amd64"],
  "i386": ["386"],
  "i686": ["386"],
  "aarch64": ["arm64"],
  "arm64": ["arm64"],
  "armhf": ["arm", "v7"],
  "armel": ["arm", "v6"],
  "arm": ["arm"],
};

/**
 * Normalises aliases: `x86_64` becomes `amd64`; the default variants `v8` of arm64 and `v1` of amd64 are
 * removed.
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === "macos" ? "darwin" : platform.os.toLowerCase();
  const alias = platform.architecture.toLowerCase();
  const [architecture, defaultVariant] = ARCHITECTURES[alias] ?? [alias];
  let variant = platform.variant?.toLowerCase() || defaultVariant;
  if (variant !== undefined && /^[0-9]/.test(variant)) variant = `v${variant}`;
  if (architecture === "arm64" && (variant === "v8" || variant === "v8.0")) variant = undefined;
  if (architecture === "amd64" && variant === "v1") variant = undefined;
  if (architecture === "arm" && variant === undefined) variant = "v7";
  return defined<Platform>({
    os,
    architecture,
    variant,
    "os.version": platform["os.version"],
    "os.features": platform["os.features"],
  });
}

/**
 * Parses `os/architecture[/variant]`.
 *
 * @throws AppError `invalid_argument`
 *
 * @example
 * ```ts
 * import { parsePlatform } from "./platform.ts";
 *
 * const { os, architecture } = parsePlatform("linux/x86_64");
 * console.assert(os === "linux" && architecture === "amd64");
 * ```
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  const [os, architecture, variant] = parts;
  const good = parts.length >= 2 && parts.length <= 3 &&
    parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part));
  if (!good || os === undefined || architecture === undefined) {
    throw new AppError(
      "invalid_argument",
      `Cannot parse platform "${text}": expected OS/ARCHITECTURE[/VARIANT], such as linux/arm64`,
    );
  }
  return normalizePlatform(
    defined<Platform>({ os, architecture, variant, "os.version": undefined, "os.features": undefined }),
  );
}

/**
 * Formats a platform as `os/architecture[/variant]`.
 *
 * @example
 * ```ts
 * import { formatPlatform } from "./platform.ts";
 *
 * console.assert(formatPlatform({ os: "linux", architecture: "arm", variant: "v7" }) === "linux/arm/v7");
 * ```
 */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

/**
 * The platform of images for a machine, from `Deno.build`. On macOS it is Linux, because containers run in a
 * Linux VM.
 */
export function platformOfBuild(build: { readonly os: string; readonly arch: string }): Platform {
  return normalizePlatform({ os: build.os === "windows" ? "windows" : "linux", architecture: build.arch });
}

/**
 * Lists the platforms whose images run on a platform, in order of preference. The order is that of
 * containerd: amd64 v4 to v1, then 386; arm64, then arm v8 to v5; arm v7 to v5.
 */
export function platformRanking(target: Platform): readonly Platform[] {
  const normalized = normalizePlatform(target);
  const { os, architecture, variant } = normalized;
  const make = (arch: string, v?: string): Platform =>
    normalizePlatform(v === undefined ? { os, architecture: arch } : { os, architecture: arch, variant: v });
  const down = (arch: string, from: number, to: number) =>
    Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => make(arch, `v${from - i}`));
  const level = Number(/^v([0-9]+)/.exec(variant ?? "")?.[1]);
  switch (architecture) {
    case "amd64":
      return [...down("amd64", variant === undefined ? 1 : level, 1), make("386")];
    case "arm64": {
      const [, major = "8", minor = "0"] = /^v([0-9]+)(?:\.([0-9]+))?$/.exec(variant ?? "v8") ?? [];
      return [...armRanking(Number(major), Number(minor)).map((v) => make("arm64", v)), ...down("arm", 8, 5)];
    }
    case "arm":
      return Number.isNaN(level) || level < 5 ? [normalized] : down("arm", level, 5);
    default:
      return [normalized];
  }
}

/** Arm v9.n runs images for v9.0 to v9.n, and for v8.0 to v8.(n+5); v8.n runs images for v8.0 to v8.n. */
function armRanking(major: number, minor: number): string[] {
  const versions: string[] = [];
  for (let n = minor; n >= 0; n--) versions.push(n === 0 ? `v${major}` : `v${major}.${n}`);
  if (major === 9) versions.push(...armRanking(8, Math.min(minor + 5, 9)));
  return versions;
}

/** Reports whether two platforms are equal after normalisation; OS versions and features are ignored. */
export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b));
}

/**
 * Validates a platform object of an index, or the platform fields of an image config. Both may lack the architecture,
 * or have an empty one: then the platform is unknown. Without `os` it is Linux.
 *
 * @returns undefined if the platform is unknown
 */
export function readPlatform(value: unknown, location: JsonLocation): Platform | undefined {
  const fields = asObject(value, location);
  const os = optional(fields.os, `${location}.os`, asString) || "linux";
  const architecture = optional(fields.architecture, `${location}.architecture`, asString);
  if (!architecture) return undefined;
  return defined<Platform>({
    os,
    architecture,
    variant: optional(fields.variant, `${location}.variant`, asString),
    "os.version": optional(fields["os.version"], `${location}["os.version"]`, asString),
    "os.features": optional(fields["os.features"], `${location}["os.features"]`, asStrings),
  });
}
