/**
 * The images of the tests that collect garbage while other processes pull: neighbours share a layer.
 *
 * @module
 */
import { writeArchive } from "../../src/tar/archive_fake.ts";
import { make } from "../../src/unpack/apply/layer_fake.ts";
import { FakeRemote } from "../fakes/fake_remote.ts";
import { buildImage, type LayerSpec } from "../images/mod.ts";

/** The number of images, whose tags are 0 to IMAGES - 1. */
export const IMAGES = 6;

/** Makes a registry with the images. */
export async function imageRemote(): Promise<FakeRemote> {
  const remote = new FakeRemote();
  for (let i = 0; i < IMAGES; i++) {
    const layers = [layer(`shared${i >> 1}`), layer(`own${i}`)];
    remote.push(`${i}`, await buildImage({ seed: i, layers }));
  }
  return remote;
}

/**
 * Makes a layer with a few files. Its entries belong to the user that runs the tests, because an ordinary user can't
 * change owners.
 */
export function layer(name: string): LayerSpec {
  const entries = [
    make.directory(name),
    ...Array.from({ length: 8 }, (_, i) => make.file(`${name}/${i}`, `${name} ${i} `.repeat(50 << i))),
  ];
  return { compression: "none", archive: Uint8Array.from(writeArchive(entries)) };
}
