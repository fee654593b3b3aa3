import ipaddr from 'ipaddr.js';
import { parseAddress } from '../address-range.ts';

export interface WebhookUrlRules {
  /** `host` or `host:port`, exempt from the rules for addresses and ports. */
  readonly allowedHosts: readonly string[];
  /** The sandbox delivers to this machine too, also over plain HTTP. */
  readonly sandbox: boolean;
}

const PORTS = ['443', '8443'];
const PORT_OF: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

// The only IPv6 space that is handed out on the Internet. What lies outside is special, or another way to write an IPv4 address
// (::a.b.c.d, 64:ff9b::/96); of what lies inside, ipaddr.js names the special ranges (Teredo, 6to4, documentation).
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
// In public space, but the host of a virtual machine on Azure answers on it.
const AZURE_HOST = '168.63.129.16';

// An IPv4-mapped IPv6 address is the IPv4 address.
const parseHost = (host: string) => {
  const address = parseAddress(host.replace(/^\[|\]$/g, ''));
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
};

/** Whether an address is one that anybody on the Internet could reach; everything private or special is not. */
export const isPublicAddress = (text: string): boolean => {
  const address = parseHost(text);
  // An address with a zone is meant for one link.
  if (address?.range() !== 'unicast' || text.includes('%')) return false;
  return address instanceof ipaddr.IPv6 ? address.match(GLOBAL_UNICAST) : address.toString() !== AZURE_HOST;
};

/** Whether a host is this machine: a loopback address, or a name that stands for one. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:.+\.)?localhost$/i.test(withoutRootDot(host)) || parseHost(host)?.range() === 'loopback';

// The same name, written in full.
const withoutRootDot = (host: string): string => host.replace(/\.$/, '');

/** Whether the configuration exempts the URL's host, alone or with its port. */
export const isAllowedHost = (url: URL, { allowedHosts }: WebhookUrlRules): boolean => {
  const host = withoutRootDot(url.hostname);
  return allowedHosts.includes(host) || allowedHosts.includes(`${host}:${portOf(url)}`);
};

const portOf = (url: URL): string => url.port || (PORT_OF[url.protocol] ?? '');

/** What is wrong with a URL to deliver webhooks to, or `undefined`. Names are checked again when they are resolved. Contract §5. */
export const findWebhookUrlFault = (text: string, rules: WebhookUrlRules): string | undefined => {
  if (!URL.canParse(text)) return 'url: Input should be an absolute URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'url: Credentials do not belong in a URL';
  if (rules.sandbox && isLoopbackHost(url.hostname) && /^https?:$/.test(url.protocol)) return undefined;
  if (url.protocol !== 'https:') return 'url: Input should be an https URL';
  if (isAllowedHost(url, rules)) return undefined;
  if (!PORTS.includes(portOf(url))) return `url: Port should be ${PORTS.join(' or ')}`;
  const isPrivate = parseHost(url.hostname) !== undefined && !isPublicAddress(url.hostname);
  return isPrivate || isLoopbackHost(url.hostname)
    ? 'url: Host should be reachable from the Internet, not private, loopback or reserved'
    : undefined;
};
