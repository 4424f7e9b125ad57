/**
 * Refuses requests that a web page makes with the browser of a user on this machine.
 *
 * @module
 */
import type { ObserverRequest } from "./http_request.ts";

const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const IPV6 = /^\[[0-9a-f:.]+\]$/;

/**
 * Returns why a request is refused; undefined if it is accepted. A page of another site can reach an address of this
 * machine in two ways: directly, which browsers mark with `Origin` or `Sec-Fetch-Site`, or through a host name whose DNS
 * record changes to our address ("DNS rebinding"), which `Host` shows. Clients that aren't browsers may omit all three.
 *
 * @param listenName the host name that the operator has configured; undefined on a Unix socket, which no page can reach
 */
export function refusalOf({ headers }: ObserverRequest, listenName: string | undefined): string | undefined {
  if (listenName === undefined) return undefined;
  const host = headers.get("host")?.toLowerCase();
  if (host !== undefined && !isOwnName(host, listenName.toLowerCase())) {
    return "use an IP address, localhost or the name of --http";
  }
  const origin = headers.get("origin")?.toLowerCase();
  if (origin !== undefined && origin !== `http://${host}`) {
    return "requests of other web pages aren't allowed";
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  // A link to this page is harmless: the other page can't read the response.
  const isLink = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
  if (site !== "none" && site !== "same-origin" && !isLink) {
    return "requests of other web pages aren't allowed";
  }
  return undefined;
}

function isOwnName(host: string, listenName: string): boolean {
  const name = host.replace(/:\d{1,5}$/, "");
  return IPV4.test(name) || IPV6.test(name) || name === "localhost" || name === listenName;
}
