/**
 * A real store in a temporary directory, and a registry without a network, for tests of the image operations.
 *
 * @module
 */
import type { ImageDeps } from "../../src/image/model/deps.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { FakeRemote } from "./fake_remote.ts";

/** The parts of a test. Dispose deletes the directory. */
export interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly store: Store;
  readonly remote: FakeRemote;
  /** The dependencies of the operations. */
  readonly deps: ImageDeps;
  /** Returns the path of a blob's file. */
  blobPath(digest: Digest): string;
  /** Changes a committed blob's file, or removes it, as a failing disk would. */
  damage(digest: Digest, how: "flip" | "truncate" | "remove"): Promise<void>;
}

/** Creates an empty store and an empty registry. */
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
