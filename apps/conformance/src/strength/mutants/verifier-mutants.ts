import { compareText, SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const compare = (change: ServerParts['compare']) => (): Partial<ServerParts> => ({ compare: change });
const parse = (change: (text: string) => number | undefined) => (): Partial<ServerParts> => ({
  parseTimestamp: (text) => SERVER.parseTimestamp(text) ?? finite(change(text)),
});
const finite = (value: number | undefined) => (Number.isFinite(value) ? value : undefined);
const inside = (change: ServerParts['isInWindow']) => (): Partial<ServerParts> => ({ isInWindow: change });

const xorCompare: ServerParts['compare'] = (expected, received) => {
  if (expected.length !== received.length) return false;
  let sum = 0;
  for (let i = 0; i < expected.length; i += 2)
    sum ^= Number.parseInt(expected.slice(i, i + 2), 16) ^ Number.parseInt(received.slice(i, i + 2), 16);
  return sum === 0;
};

export const COMPARE_MUTANTS = mutants<ServerParts>('compare', [
  ['compare-nothing', compare(() => true), 'server-signature-zeros', 'server-tamper-path'],
  [
    'compare-case-blind',
    compare((e, r) => e === r.toLowerCase()),
    'server-signature-upper-case',
    'server-signature-mixed-case',
  ],
  ['compare-first-16', compare((e, r) => e.slice(0, 16) === r.slice(0, 16)), 'server-signature-flip-last'],
  ['compare-last-16', compare((e, r) => e.slice(-16) === r.slice(-16)), 'server-signature-flip-first'],
  [
    'compare-shorter-length',
    compare((e, r) => r.length > 0 && e.slice(0, r.length) === r.slice(0, e.length)),
    'server-signature-truncated-1',
    'server-signature-extended',
  ],
  ['compare-prefix', compare((e, r) => r.length > 0 && e.startsWith(r)), 'server-signature-truncated-63'],
  [
    'compare-suffix-ignored',
    compare((e, r) => r.startsWith(e)),
    'server-signature-extended',
    'server-signature-doubled',
  ],
  ['compare-trimmed', compare((e, r) => e === r.replaceAll(' ', '')), 'server-signature-inner-space'],
  ['compare-scheme-stripped', compare((e, r) => e === r.replace(/^sha256=/, '')), 'server-signature-prefix'],
  [
    'compare-hex-prefix-stripped',
    compare((e, r) => e === r.replace(/^0x/, '')),
    'server-signature-hex-prefix',
  ],
  ['compare-quotes-stripped', compare((e, r) => e === r.replaceAll('"', '')), 'server-signature-quoted'],
  [
    'compare-lenient-hex',
    compare((e, r) => Buffer.from(r, 'hex').toString('hex') === e),
    'server-signature-extended-zz',
    'server-signature-upper-case',
  ],
  [
    'compare-base64-too',
    compare((e, r) => e === r || Buffer.from(r, 'base64').toString('hex') === e),
    'server-signature-base64',
  ],
  ['compare-xor-accumulated', compare(xorCompare), 'server-signature-flip-pair'],
  [
    'compare-sorted',
    compare((e, r) => [...e].toSorted().join('') === [...r].toSorted().join('')),
    'server-signature-swap',
  ],
  ['compare-any-of-list', compare((e, r) => r.split(/, */).includes(e)), 'server-signature-joined'],
  ['compare-word-ok', compare((e, r) => r === 'null' || e === r), 'server-signature-word'],
]);

export const TIMESTAMP_MUTANTS = mutants<ServerParts>('timestamp', [
  [
    'window-299',
    inside((t, now) => Math.abs(t - now) < 300),
    'server-window-past-300',
    'server-window-future-300',
  ],
  [
    'window-301',
    inside((t, now) => Math.abs(t - now) <= 301),
    'server-window-past-301',
    'server-window-future-301',
  ],
  ['window-past-only', inside((t, now) => t <= now && now - t <= 300), 'server-window-future-290'],
  ['window-future-only', inside((t, now) => t >= now - 5 && t - now <= 300), 'server-window-past-290'],
  ['window-future-open', inside((t, now) => now - t <= 300), 'server-window-future-310'],
  ['window-past-open', inside((t, now) => t - now <= 300), 'server-window-past-310'],
  ['window-none', inside(() => true), 'server-window-past-86400', 'server-timestamp-zero'],
  ['window-60', inside((t, now) => Math.abs(t - now) <= 60), 'server-window-past-290'],
  ['window-30-future', inside((t, now) => now - t <= 300 && t - now <= 30), 'server-window-future-290'],
  ['window-3000', inside((t, now) => Math.abs(t - now) <= 3000), 'server-window-past-310'],
  [
    'window-day',
    inside((t, now) => Math.abs(t - now) <= 7200),
    'server-window-past-3600',
    'server-window-future-3600',
  ],
  ['window-two-days', inside((t, now) => Math.abs(t - now) <= 172_800), 'server-window-future-86400'],
  [
    'window-skipped-for-zero',
    inside((t, now) => t === 0 || Math.abs(t - now) <= 300),
    'server-timestamp-zero',
  ],
  [
    'timestamp-milliseconds-too',
    inside((t, now) => Math.abs(t - now) <= 300 || Math.abs(t / 1000 - now) <= 300),
    'server-timestamp-milliseconds',
  ],
  [
    'timestamp-microseconds-too',
    () => ({ parseTimestamp: (t) => (/^\d{16}$/.test(t) ? Number(t) / 1e6 : SERVER.parseTimestamp(t)) }),
    'server-timestamp-microseconds',
    'server-timestamp-sixteen-digits',
  ],
  [
    'timestamp-float',
    parse((t) => (/^\d+\.\d*$/.test(t) ? Number.parseFloat(t) : undefined)),
    'server-timestamp-fraction',
    'server-timestamp-point-zero',
    'server-timestamp-trailing-point',
  ],
  [
    'timestamp-prefix',
    parse((t) => Number.parseInt(t, 10)),
    'server-timestamp-suffix',
    'server-timestamp-unit',
    'server-timestamp-inner-space',
  ],
  [
    'timestamp-nan-passes',
    () => ({ parseTimestamp: (t) => Number(t), isInWindow: (t, now) => !(Math.abs(t - now) > 300) }),
    'server-timestamp-word',
    'server-timestamp-not-a-number',
  ],
  [
    'timestamp-number',
    parse((t) => Number(t)),
    'server-timestamp-exponent',
    'server-timestamp-plus',
    'server-timestamp-hexadecimal',
  ],
  ['timestamp-absolute', parse((t) => Math.abs(Number(t))), 'server-timestamp-minus'],
  [
    'timestamp-leading-zero',
    parse((t) => (/^0\d+$/.test(t) ? Number(t) : undefined)),
    'server-timestamp-leading-zero',
  ],
  [
    'timestamp-grouped',
    parse((t) => Number(t.replace(/[_,]/g, ''))),
    'server-timestamp-underscores',
    'server-timestamp-comma',
  ],
  [
    'timestamp-date',
    parse((t) => Date.parse(t) / 1000),
    'server-timestamp-iso-8601',
    'server-timestamp-http-date',
  ],
  ['timestamp-quoted', parse((t) => Number(t.replaceAll('"', ''))), 'server-timestamp-quoted'],
  ['timestamp-first-of-list', parse((t) => Number(t.split(',')[0])), 'server-timestamp-joined'],
  ['timestamp-digits-only', parse((t) => Number(t.replace(/[^0-9]/g, ''))), 'server-timestamp-latin1-digits'],
  [
    'timestamp-infinity-passes',
    () => ({
      parseTimestamp: (t) => (t === 'Infinity' ? Math.floor(Date.now() / 1000) : SERVER.parseTimestamp(t)),
    }),
    'server-timestamp-infinity',
  ],
  [
    'timestamp-long-truncated',
    parse((t) => (/^\d{16,}$/.test(t) ? Math.floor(Date.now() / 1000) : undefined)),
    'server-timestamp-thirty-digits',
  ],
  [
    'timestamp-double-zero-passes',
    parse((t) => (t === '00' ? Math.floor(Date.now() / 1000) : undefined)),
    'server-timestamp-double-zero',
  ],
]);

const lower = (text: string) => text.toLowerCase();

export const HEADER_MUTANTS = mutants<ServerParts>('headers', [
  [
    'headers-case-sensitive',
    () => ({ valuesOf: (h, name) => h.filter(([n]) => n === name).map(([, v]) => v) }),
    'server-header-names-lower-case',
  ],
  [
    'headers-lower-case-only',
    () => ({ valuesOf: (h, name) => h.filter(([n]) => n === name || n === lower(name)).map(([, v]) => v) }),
    'server-header-names-upper-case',
    'server-header-names-mixed-case',
  ],
  [
    'headers-first-wins',
    () => ({ isMalformed: (v) => SERVER.isMalformed(v.map((found) => found.slice(0, 1))) }),
    'server-repeated-key-identical',
    'server-repeated-signature-good-first',
  ],
  [
    'headers-last-wins',
    () => ({
      isMalformed: (v) => SERVER.isMalformed(v.map((found) => found.slice(-1))),
      pick: (v) => v.at(-1) ?? '',
    }),
    'server-repeated-key-good-last',
    'server-repeated-timestamp-good-last',
    'server-repeated-signature-good-last',
  ],
  [
    'headers-repeat-same-allowed',
    () => ({ isMalformed: (v) => SERVER.isMalformed(v.map((found) => [...new Set(found)])) }),
    'server-repeated-signature-identical',
    'server-repeated-timestamp-identical',
  ],
  [
    'headers-joined',
    () => ({
      isMalformed: (v) => SERVER.isMalformed([v[0]?.slice(0, 1) ?? [], [], []]),
      pick: (v) => v.join(', '),
    }),
    'server-repeated-timestamp-good-first',
    'server-repeated-key-good-first',
  ],
  [
    'headers-empty-is-present',
    () => ({ isMissing: (v) => v.some((found) => found.length === 0) }),
    'server-empty-key',
    'server-empty-timestamp',
    'server-empty-signature',
  ],
  [
    'headers-only-key-required',
    () => ({ isMissing: ([key = []]) => key.length === 0 || key.includes('') }),
    'server-missing-timestamp',
    'server-missing-signature',
  ],
  [
    'headers-key-not-required',
    () => ({ isMissing: (v) => SERVER.isMissing(v.slice(1)) }),
    'server-missing-key',
  ],
  [
    'headers-missing-is-500',
    () => ({
      refuse: (a, step) => (step === 'missing' ? { status: 500, message: 'Internal server error' } : a),
    }),
    'server-missing-all',
  ],
  [
    'headers-missing-is-400',
    () => ({ refuse: (a, step) => (step === 'missing' ? { ...a, status: 400 } : a) }),
    'server-missing-all',
    'server-missing-before-malformed',
  ],
  [
    'headers-in-query-too',
    () => ({
      isMissing: () => false,
      refuse: (a, step) => (step === 'malformed' ? { status: 401, message: 'Invalid signature' } : a),
    }),
    'server-headers-in-query',
  ],
  [
    'headers-in-fixed-order',
    () => ({
      pick: (v) => v[0] ?? '',
      valuesOf: (h, name) => {
        const own = h.filter(([n]) => /^x-cpg-/i.test(n));
        return /^x-cpg-/i.test(name) && own.length === 3 && new Set(own.map(([n]) => lower(n))).size === 3
          ? [own[['x-cpg-key', 'x-cpg-timestamp', 'x-cpg-signature'].indexOf(lower(name))]?.[1] ?? '']
          : SERVER.valuesOf(h, name);
      },
    }),
    'server-header-order',
  ],
  [
    'key-id-any-length',
    () => ({
      isMalformed: (v) => SERVER.isMalformed([v[0]?.map((k) => k.slice(0, 128)) ?? [], ...v.slice(1)]),
    }),
    'server-key-id-129-characters',
  ],
  [
    'key-id-any-characters',
    () => ({ isMalformed: (v) => v.some((found) => found.length > 1) }),
    'server-key-id-space',
    'server-key-id-slash',
    'server-key-id-non-ascii',
    'server-key-id-quoted',
    'server-key-id-joined',
  ],
  [
    'key-id-64-characters',
    () => ({ isMalformed: (v) => SERVER.isMalformed(v) || (v[0]?.[0] ?? '').length > 64 }),
    'server-key-unknown-128-characters',
  ],
  [
    'key-case-blind',
    () => ({ findKey: (keys, id) => SERVER.findKey(keys, lower(id)) }),
    'server-key-id-upper-case',
  ],
  [
    'key-prefix-found',
    () => ({
      findKey: (keys, id) =>
        SERVER.findKey(keys, id) ?? keys.find((k) => id.length > 4 && k.keyId.startsWith(id)),
    }),
    'server-key-id-shortened',
  ],
  [
    'key-unknown-passes',
    () => ({ findKey: (keys, id) => SERVER.findKey(keys, id) ?? keys[0] }),
    'server-key-unknown',
  ],
  [
    'key-unknown-says-so',
    () => ({
      findKey: (keys, id) => {
        const found = SERVER.findKey(keys, id);
        if (found === undefined) throw new Error('unknown key');
        return found;
      },
    }),
    'server-key-faults-look-alike',
  ],
  [
    'key-prototype-found',
    () => ({ findKey: (keys, id) => (id === '__proto__' ? keys[0] : SERVER.findKey(keys, id)) }),
    'server-key-unknown-special-name',
  ],
  [
    'key-revoked-passes',
    () => ({ findKey: (keys, id) => keys.find((k) => k.keyId === id) }),
    'server-key-revoked',
  ],
  [
    'key-revoked-says-so',
    () => ({
      findKey: (keys, id) => {
        const found = keys.find((k) => k.keyId === id);
        if (found?.isRevoked) throw new Error('revoked');
        return found;
      },
    }),
    'server-key-faults-look-alike',
  ],
  [
    'key-id-is-secret',
    () => ({
      findKey: (keys, id) => {
        const found = SERVER.findKey(keys, id);
        return found && { ...found, secret: id };
      },
    }),
    'server-key-secret-is-key-id',
    'server-accept-no-query',
  ],
  [
    'key-secret-trimmed',
    () => ({ compare: compareText, key: (secret) => secret.subarray(0, -1) }),
    'server-key-secret-trimmed',
  ],
  [
    'key-secret-with-line-feed',
    () => ({ key: (secret) => Buffer.concat([secret, Buffer.from('\n')]) }),
    'server-key-secret-extended',
  ],
  [
    'key-any-live-secret',
    anyLiveSecret(),
    'server-key-secret-of-another',
    'server-tamper-key-id',
    'server-replay-wrong-key-first',
  ],
]);

/** Accepts the secret of any key for any other. */
function anyLiveSecret(): () => Partial<ServerParts> {
  return () => ({
    findKey: (keys, id) => {
      const found = SERVER.findKey(keys, id);
      return found && { ...found, secret: `any of ${keys.length}` };
    },
    key: (secret) => secret,
    mac: (_key, canonical) => canonical,
    compare: (canonical, received) =>
      LIVE_SECRETS.some((secret) => compareText(SERVER.mac(Buffer.from(secret), canonical), received)),
  });
}

const LIVE_SECRETS = ['full', 'other', 'readonly', 'noperm', 'iplisted', 'slow-a', 'slow-b'].map(
  (name) => `cpg-demo-${name}-DO-NOT-USE-IN-PRODUCTION`,
);
