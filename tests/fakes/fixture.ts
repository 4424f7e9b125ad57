/**
 * A real store in a folder of its own, and a registry without a network: what tests of the use-cases stand on.
 *
 * @module
 */
import type { ImageDeps } from "../../src/image/model/deps.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { FakeRemote } from "./fake_remote.ts";

/** The parts of a test. Dispose it: that removes the folder. */
export interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly store: Store;
  readonly remote: FakeRemote;
  /** What the use-cases take. */
  readonly deps: ImageDeps;
  /** Where a blob's file is. */
  blobPath(digest: Digest): string;
  /** Puts other bytes into a committed blob's file, or takes the file away: what a bad disk does. */
  damage(digest: Digest, how: "flip" | "truncate" | "remove"): Promise<void>;
}

/** Makes an empty store and an empty registry. */
export async function makeFixture(): Promise<Fixture> {
  const root = await Deno.makeTempDir({ prefix: "dray-test-" });
  const store = await openStore(root);
  const remote = new FakeRemote();
  const blobPath = (digest: Digest) => `${root}/blobs/${digest.replace(":", "/")}`;
  return {
    root,
    store,
    remote,
    deps: { store, registry: { remote: () => remote } },
    blobPath,
    async damage(digest, how) {
      const path = blobPath(digest);
      if (how === "remove") return await Deno.remove(path);
      await Deno.chmod(path, 0o644);
      const bytes = await Deno.readFile(path);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await Deno.writeFile(path, how === "flip" ? bytes : bytes.subarray(0, bytes.length - 1));
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}
