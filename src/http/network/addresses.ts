/**
 * IP addresses: parsing, networks, and special-purpose ranges.
 *
 * @module
 */

/** The bytes of an address: 4 for IPv4, 16 for IPv6. */
export type IpBytes = readonly number[];

/** Parses an IP address without brackets; undefined if it isn't one. An IPv4-mapped IPv6 address gives 4 bytes. */
export function parseIp(text: string): IpBytes | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpBytes | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIpv6(text: string): IpBytes | undefined {
  const zone = text.indexOf("%");
  const halves = (zone < 0 ? text : text.slice(0, zone)).split("::");
  if (halves.length > 2) return undefined;
  const head = ipv6Groups(halves[0] ?? "", halves.length === 1);
  const tail = ipv6Groups(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  const bytes = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? bytes.slice(12) : bytes;
}

/** @param isEnd whether the groups end the address: only then may the last one be an IPv4 address */
function ipv6Groups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (isEnd && i === groups.length - 1 && group.includes(".")) {
      const four = parseIpv4(group);
      if (four === undefined) return undefined;
      bytes.push(...four);
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(Math.floor(value / 256), value % 256);
    } else {
      return undefined;
    }
  }
  return bytes;
}

/** A network. */
export interface Network {
  readonly address: IpBytes;
  /** Length of the prefix. */
  readonly bits: number;
}

/** Parses a network such as `10.0.0.0/8`; undefined if it isn't one. */
export function parseNetwork(text: string): Network | undefined {
  const [addressText, bitsText, rest] = text.split("/");
  if (bitsText === undefined || rest !== undefined || !/^[0-9]{1,3}$/.test(bitsText)) return undefined;
  const address = parseIp(addressText ?? "");
  if (address === undefined) return undefined;
  const isMapped = address.length === 4 && (addressText ?? "").includes(":");
  const bits = Number(bitsText) - (isMapped ? 96 : 0);
  return bits >= 0 && bits <= address.length * 8 ? { address, bits } : undefined;
}

/** Whether an address is in a network. */
export function isInNetwork(ip: IpBytes, network: Network): boolean {
  if (ip.length !== network.address.length) return false;
  const whole = Math.floor(network.bits / 8);
  for (let i = 0; i < whole; i++) if (ip[i] !== network.address[i]) return false;
  const step = 2 ** (8 - network.bits % 8);
  if (step === 256) return true;
  return Math.floor((ip[whole] ?? 0) / step) === Math.floor((network.address[whole] ?? 0) / step);
}

/** The kind of an address; a `public` one can belong to any machine on the internet. */
export type AddressKind = "public" | "loopback" | "private" | "link-local" | "reserved";

/** Ranges of the IANA special-purpose address registries; the first match wins. */
const KINDS: readonly (readonly [network: string, kind: AddressKind])[] = [
  ["127.0.0.0/8", "loopback"],
  ["::1/128", "loopback"],
  ["10.0.0.0/8", "private"],
  ["172.16.0.0/12", "private"],
  ["192.168.0.0/16", "private"],
  ["100.64.0.0/10", "private"],
  ["fc00::/7", "private"],
  ["fec0::/10", "private"],
  // Cloud metadata services use this range.
  ["169.254.0.0/16", "link-local"],
  // The host of Azure's virtual machines: it serves their configuration.
  ["168.63.129.16/32", "link-local"],
  ["fe80::/10", "link-local"],
  ["0.0.0.0/8", "reserved"],
  ["192.0.0.0/24", "reserved"],
  ["198.18.0.0/15", "reserved"],
  ["224.0.0.0/3", "reserved"],
  ["::/128", "reserved"],
  ["ff00::/8", "reserved"],
  // Addresses for special protocols, documentation and tests belong to no machine on the internet.
  ["192.88.99.0/24", "reserved"],
  ["100::/64", "reserved"],
  ["2001:db8::/32", "reserved"],
  ["3fff::/20", "reserved"],
  ["5f00::/16", "reserved"],
  // Embedded IPv4 addresses can map to any of the ranges above: IPv4-compatible, IPv4-translated, NAT64, Teredo (in the
  // range of IETF protocols), 6to4.
  ["::/96", "reserved"],
  ["::ffff:0:0:0/96", "reserved"],
  ["64:ff9b::/96", "reserved"],
  ["64:ff9b:1::/48", "reserved"],
  ["2001::/23", "reserved"],
  ["2002::/16", "reserved"],
];

/** Returns the kind of an address. */
export function kindOfIp(ip: IpBytes): AddressKind {
  const match = KINDS.find(([text]) => {
    // Not parsed in advance: that took 0.5 ms of each start, and most addresses match the first range.
    const network = parseNetwork(text);
    return network !== undefined && isInNetwork(ip, network);
  });
  return match?.[1] ?? "public";
}

/** Returns a host in lower case without port, brackets and final dot. Accepts the host of a URL, and `host:port`. */
export function bareHost(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith("[")) return lower.slice(1, lower.indexOf("]"));
  const colon = lower.indexOf(":");
  const name = colon >= 0 && colon === lower.lastIndexOf(":") ? lower.slice(0, colon) : lower;
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/**
 * Returns the kind of a host without resolving its name: a name is public, except `localhost` and names that end with
 * `.localhost`.
 */
export function kindOfHost(host: string): AddressKind {
  const name = bareHost(host);
  if (name === "localhost" || name.endsWith(".localhost")) return "loopback";
  const ip = parseIp(name);
  return ip === undefined ? "public" : kindOfIp(ip);
}

/** Whether a host is this machine, without resolving its name. */
export function isLoopbackHost(host: string): boolean {
  return kindOfHost(host) === "loopback";
}
