/**
 * Whether any file of credentials names a helper program: if none does, a run needs no permission to start programs.
 *
 * @module
 */
import { type CredentialLocations, searchOrderOf } from "../../credentials/locations.ts";

/** Looks at the text alone: when in doubt, there is one. */
export function mayNameHelper(locations: CredentialLocations): boolean {
  return searchOrderOf(locations).some(({ path }) => {
    try {
      return /"cred(?:sStore|Helpers)"|\\u/.test(Deno.readTextFileSync(path));
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable);
    }
  });
}
