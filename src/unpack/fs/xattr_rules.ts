/**
 * Which extended attributes of an archive are set.
 *
 * @module
 */

/** Labels of the host's own security policy: those of the build machine mean nothing here. */
const HOST_XATTRS = new Set(["security.selinux", "security.ima", "security.evm", "system.nfs4_acl"]);

/** Whether the host gives files this one, so that an archive has no say in it. */
export function isHostXattr(name: string): boolean {
  return HOST_XATTRS.has(name);
}

/**
 * Whether overlayfs takes it for an order: a "redirect" from an archive would show a directory of another place, and
 * an "opaque" would hide what no whiteout hides. Only we write those.
 */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}
