import ipaddr from 'ipaddr.js';

export interface WebhookUrlRules {
  /** `host` or `host:port`, exempt from the rules for addresses and ports. */
  readonly allowedHosts: readonly string[];
  /** The sandbox delivers to this machine too, also over plain HTTP. */
  readonly sandbox: boolean;
}

const PORTS = ['443', '8443'];
const PORT_OF: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

const parseAddress = (host: string) => {
  const plain = host.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(plain) ? ipaddr.process(plain) : undefined;
};

/** Whether an address is one that anybody on the Internet could reach; everything private or special is not. */
export const isPublicAddress = (address: string): boolean => parseAddress(address)?.range() === 'unicast';

/** Whether an address, or the name localhost, is this machine. */
export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || parseAddress(host)?.range() === 'loopback';

/** Whether the configuration exempts the URL's host, alone or with its port. */
export const isAllowedHost = (url: URL, { allowedHosts }: WebhookUrlRules): boolean =>
  allowedHosts.includes(url.hostname) || allowedHosts.includes(`${url.hostname}:${portOf(url)}`);

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
  const isPrivate = parseAddress(url.hostname) !== undefined && !isPublicAddress(url.hostname);
  return isPrivate || isLoopbackHost(url.hostname)
    ? 'url: Host should be reachable from the Internet, not private, loopback or reserved'
    : undefined;
};
