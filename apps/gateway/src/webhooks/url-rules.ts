import ipaddr from 'ipaddr.js';
import { parseAddress } from '../address-range.ts';

export interface WebhookUrlRules {
  /** `host` or `host:port`, exempt from the rules for addresses and ports. */
  readonly allowedHosts: readonly string[];
  /** The sandbox also delivers to this machine, and over plain HTTP. */
  readonly sandbox: boolean;
}

const PORTS = ['443', '8443'];
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

// The only IPv6 space allocated for the Internet. Addresses outside it are special, or embed an IPv4 address
// (::a.b.c.d, 64:ff9b::/96). Inside it, ipaddr.js knows the special ranges (Teredo, 6to4, documentation).
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
// ISATAP: an IPv4 address in the interface identifier, behind any prefix.
const ISATAP = /^(?:[0-9a-f]+:){4}(?:0|200):5efe:/;
// A public address that reaches the host of an Azure virtual machine.
const AZURE_HOST = '168.63.129.16';

// An IPv4-mapped IPv6 address is the IPv4 address.
const parseHost = (host: string) => {
  const address = parseAddress(host.replace(/^\[|\]$/g, ''));
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
};

/** Whether an address is publicly routable: not private, reserved or otherwise special. */
export const isPublicAddress = (text: string): boolean => {
  const address = parseHost(text);
  // An address with a zone is link-local.
  if (address?.range() !== 'unicast' || text.includes('%')) return false;
  if (!(address instanceof ipaddr.IPv6)) return address.toString() !== AZURE_HOST;
  return address.match(GLOBAL_UNICAST) && !ISATAP.test(address.toNormalizedString());
};

/** Whether a host is a loopback address, localhost or a subdomain of localhost. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:.+\.)?localhost$/i.test(withoutRootDot(host)) || parseHost(host)?.range() === 'loopback';

// A trailing dot marks a fully qualified name; the host is the same.
const withoutRootDot = (host: string): string => host.replace(/\.$/, '');

/** Whether `allowedHosts` contains the URL's host, with or without its port. */
export const isAllowedHost = (url: URL, { allowedHosts }: WebhookUrlRules): boolean => {
  const host = withoutRootDot(url.hostname);
  return allowedHosts.includes(host) || allowedHosts.includes(`${host}:${getPort(url)}`);
};

const getPort = (url: URL): string => url.port || (DEFAULT_PORTS[url.protocol] ?? '');

/**
 * Describes what is wrong with a webhook URL, if anything. Resolved addresses are checked at delivery. Wire
 * protocol §5.
 */
export const findWebhookUrlProblem = (text: string, rules: WebhookUrlRules): string | undefined => {
  if (!URL.canParse(text)) return 'url: Input should be an absolute URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'url: Credentials do not belong in a URL';
  if (rules.sandbox && isLoopbackHost(url.hostname) && /^https?:$/.test(url.protocol)) return undefined;
  if (url.protocol !== 'https:') return 'url: Input should be an https URL';
  if (isAllowedHost(url, rules)) return undefined;
  if (!PORTS.includes(getPort(url))) return `url: Port should be ${PORTS.join(' or ')}`;
  const isPrivate = parseHost(url.hostname) !== undefined && !isPublicAddress(url.hostname);
  return isPrivate || isLoopbackHost(url.hostname)
    ? 'url: Host should be reachable from the Internet, not private, loopback or reserved'
    : undefined;
};
