import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { addressRange, isEveryAddress } from './address-range.ts';

// The format is checked before the conversion: Number also accepts '', ' ', '0x1f' and '1e3'.
export const wholeNumber = (minimum: number, maximum: number) => {
  const error = `expected a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error, abort: true })
    .transform(Number)
    .pipe(z.number().min(minimum, { error }).max(maximum, { error }));
};

export const seconds = (maximum: number) => {
  const error = `expected seconds from 0 to ${maximum}, such as 3 or 0.5`;
  return z
    .string()
    .regex(/^\d{1,15}(?:\.\d{1,9})?$/, { error, abort: true })
    .transform(Number)
    .pipe(z.number().max(maximum, { error }));
};

export const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: `expected one of ${values.join(', ')}` });

/** Comma-separated, spaces around the commas allowed. */
export const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

// Trusting every address would let each client choose its own address in X-Forwarded-For.
export const trustedProxy = addressRange.refine((range) => !isEveryAddress(range), {
  error: ({ input }) =>
    `expected addresses of proxies: got ${JSON.stringify(input)}, which trusts every client`,
});

/** A host, normalized by the URL parser, with an optional port. */
export const allowedHost = z.string().transform((text, context) => {
  const isUsable = /^(?:\[[0-9a-f:.]+\]|[^\s/?#@\\:*[\]]+)(?::\d{1,5})?$/i.test(text) || isIPv6(text);
  const url = `https://${isIPv6(text) ? `[${text}]` : text}/`;
  if (isUsable && URL.canParse(url)) {
    const port = /[^:]:(\d+)\/$/.exec(url)?.[1];
    const host = new URL(url).hostname.replace(/\.$/, '');
    return port === undefined || isIPv6(text) ? host : `${host}:${Number(port)}`;
  }
  const message = `expected a host or host:port such as hooks.internal:9443: got ${JSON.stringify(text)}`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** An address with an optional port, as `dns.setServers` takes it. */
export const dnsServer = z.string().refine(
  (text) => {
    const [, bracketed, bare] = /^(?:\[([^\]]+)\](?::\d{1,5})?|([^\]]+?))$/.exec(text) ?? [];
    return isIPv6(bracketed ?? bare ?? '') || isIPv4((bare ?? '').replace(/:\d{1,5}$/, ''));
  },
  {
    error: ({ input }) =>
      `expected an address of a DNS server such as 10.0.0.2 or [fd00::2]:53: got ${JSON.stringify(input)}`,
  },
);

/** A host name without a port, as in a `Host` header. */
export const hostName = z
  .string()
  .regex(/^[\w.-]+$/, {
    error: ({ input }) =>
      `expected a host name without a port such as gateway-1: got ${JSON.stringify(input)}`,
  })
  .toLowerCase();

/** A host name or an address of this machine. */
export const host = z
  .string()
  .regex(/^[\w.:%-]+$/, { error: 'expected a host name or an IP address of this machine' });

// A delivery has its last attempt 40 hours after the event.
const MIN_RETENTION_DAYS = 3;
/** Days, or 0 to keep everything. */
export const retentionDays = wholeNumber(0, 36_500).refine(
  (days) => days === 0 || days >= MIN_RETENTION_DAYS,
  {
    error: `expected a number of days, at least ${MIN_RETENTION_DAYS}, or 0 to keep everything`,
  },
);
