import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const compare = (change: ServerParts['compare']) => (): Partial<ServerParts> => ({ compare: change });

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
