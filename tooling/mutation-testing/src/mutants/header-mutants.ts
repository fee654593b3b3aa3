import { SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const lower = (text: string) => text.toLowerCase();

export const HEADER_MUTANTS = mutants<ServerParts>('headers', [
  [
    'headers-case-sensitive',
    () => ({ getHeaderValues: (h, name) => h.filter(([n]) => n === name).map(([, v]) => v) }),
    'server-header-names-lower-case',
  ],
  [
    'headers-lower-case-only',
    () => ({
      getHeaderValues: (h, name) => h.filter(([n]) => n === name || n === lower(name)).map(([, v]) => v),
    }),
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
      reject: (a, step) => (step === 'missing' ? { status: 500, message: 'Internal server error' } : a),
    }),
    'server-missing-all',
  ],
  [
    'headers-missing-is-400',
    () => ({ reject: (a, step) => (step === 'missing' ? { ...a, status: 400 } : a) }),
    'server-missing-all',
    'server-missing-before-malformed',
  ],
  [
    'headers-in-query-too',
    () => ({
      isMissing: () => false,
      reject: (a, step) => (step === 'malformed' ? { status: 401, message: 'Invalid signature' } : a),
    }),
    'server-headers-in-query',
  ],
  [
    'headers-in-fixed-order',
    () => ({
      pick: (v) => v[0] ?? '',
      getHeaderValues: (h, name) => {
        const own = h.filter(([n]) => /^x-cpg-/i.test(n));
        return /^x-cpg-/i.test(name) && own.length === 3 && new Set(own.map(([n]) => lower(n))).size === 3
          ? [own[['x-cpg-key', 'x-cpg-timestamp', 'x-cpg-signature'].indexOf(lower(name))]?.[1] ?? '']
          : SERVER.getHeaderValues(h, name);
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
    'key-id-trimmed',
    () => ({
      isMalformed: (v) => SERVER.isMalformed([v[0]?.map((k) => k.trim()) ?? [], ...v.slice(1)]),
      findKey: (keys, id) => SERVER.findKey(keys, id.trim()),
    }),
    'server-key-id-no-break-space',
  ],
  [
    'key-id-64-characters',
    () => ({ isMalformed: (v) => SERVER.isMalformed(v) || (v[0]?.[0] ?? '').length > 64 }),
    'server-key-unknown-128-characters',
  ],
]);
