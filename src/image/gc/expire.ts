/**
 * Collecting garbage by age and number: names that expired are removed first.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import type { ImageDeps } from "../model/deps.ts";
import { repositoryOfName } from "../model/group.ts";
import type { CollectOptions, SweepResult } from "../model/types.ts";
import { removeRecords } from "./remove_records.ts";
import { Roots } from "./roots.ts";
import { collectGarbage, sumOfSwept } from "./sweep.ts";

/**
 * Collects garbage. With `unusedFor` or `keep`, first removes the names that expired; see {@linkcode CollectOptions}.
 *
 * @param roots what images reference; a server passes one that it keeps
 * @throws AppError as {@linkcode collectGarbage}
 */
export async function collectExpired(
  { store }: Pick<ImageDeps, "store">,
  options: CollectOptions,
  roots?: Roots,
): Promise<SweepResult> {
  const { dryRun = false, signal = neverAborted() } = options;
  const expired = expiredNames(await store.listImages(), options);
  if (expired.size === 0) return await collectGarbage({ store }, options, roots);
  const names = [...expired].sort();
  if (dryRun) return { ...await collectGarbage({ store }, options, new Roots(store, expired)), names };
  let removed: ReadonlySet<string> = expired;
  const { swept: before } = await removeRecords(store, (records) => {
    // Another process may have pulled a name again.
    removed = expiredNames([...records.values()], options);
    return [...records.values()].filter(({ name }) => !removed.has(name));
  }, signal);
  const swept = await collectGarbage({ store }, options, roots);
  return { ...before === undefined ? swept : sumOfSwept(before, swept), names: [...removed].sort() };
}

/** The names of a repository that refer to the same index or manifest. */
interface Version {
  readonly names: string[];
  isPinned: boolean;
  /** When one of the names was last pulled. */
  usedAt: number;
}

/** Returns the names that {@linkcode collectExpired} removes. */
export function expiredNames(
  records: readonly ImageRecord[],
  { unusedFor, keep, isPinned = () => false }: CollectOptions,
): ReadonlySet<string> {
  const expired = new Set<string>();
  if (unusedFor === undefined && keep === undefined) return expired;
  const repositories = new Map<string, Map<string, Version>>();
  for (const { name, target, pinned, pulledAt } of records) {
    const repository = repositoryOfName(name);
    const versions = repositories.get(repository) ?? new Map<string, Version>();
    repositories.set(repository, versions);
    const version = versions.get(target.digest) ?? { names: [], isPinned: false, usedAt: 0 };
    versions.set(target.digest, version);
    version.names.push(name);
    version.isPinned ||= pinned || isPinned(name);
    version.usedAt = Math.max(version.usedAt, pulledAt);
  }
  const oldest = Date.now() - (unusedFor ?? 0);
  for (const versions of repositories.values()) {
    const newestFirst = [...versions.values()].sort((a, b) => b.usedAt - a.usedAt);
    for (const { names, isPinned, usedAt } of newestFirst.slice(keep ?? 0)) {
      if (isPinned || unusedFor !== undefined && usedAt > oldest) continue;
      for (const name of names) expired.add(name);
    }
  }
  return expired;
}
