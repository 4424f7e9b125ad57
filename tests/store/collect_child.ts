/**
 * A process that pulls, removes or collects images of one store until it is killed. It prints one line per action:
 *
 * - `pull ROOT SEED`: pulls images in random order and unpacks them.
 * - `remove ROOT SEED`: removes images in random order.
 * - `collect ROOT SEED`: collects garbage, including all partial downloads.
 *
 * @module
 */
import { isCode } from "../../src/base/errors.ts";
import { collectGarbage } from "../../src/image/gc/sweep.ts";
import { removeImages } from "../../src/image/gc/remove.ts";
import { pullImage } from "../../src/image/pull/pull.ts";
import { openStore } from "../../src/store/store.ts";
import { imageRemote, IMAGES } from "./collect_images.ts";

const [mode = "", root = "", seed = "1"] = Deno.args;

/** A linear congruential generator: the parent's seed determines the order. */
let state = Number(seed);
function draw(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % limit;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const store = await openStore(root);
const remote = await imageRemote();
const deps = { store, registry: { remote: () => remote } };
for (;;) {
  const name = `a.b/c:${draw(IMAGES)}`;
  if (mode === "pull") await pullImage(deps, name, { unpack: true });
  else if (mode === "remove") {
    await removeImages(deps, [name], { allTags: true }).catch((error) => {
      if (!isCode(error, "not_found")) throw error;
    });
  } else await collectGarbage(deps, { partialAge: 0 });
  print(`${mode} ${name}`);
}
