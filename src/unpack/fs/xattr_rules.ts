/**
 * Which extended attributes of an archive are not set.
 *
 * @module
 */

/** Labels of a host's security policy. Those of the build machine are meaningless on another host. */
const HOST_XATTRS = new Set(["security.selinux", "security.ima", "security.evm", "system.nfs4_acl"]);

/** Whether the host's security policy sets this attribute, so that the archive's value is ignored. */
export function isHostXattr(name: string): boolean {
  return HOST_XATTRS.has(name);
}

/**
 * Whether the attribute controls overlayfs. A "redirect" from an archive would show the directory of another
 * path, and an "opaque" would hide paths without a whiteout. Only dray sets such attributes.
 */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}
