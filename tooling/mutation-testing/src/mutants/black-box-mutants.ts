import { setTimeout as sleep } from 'node:timers/promises';
import { ADMISSION, type ServerParts } from '../reference/server-parts.ts';
import { admission, checkThenSet, keepingLast } from './admission-alterations.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutant.ts';
import { RATE_MUTANTS } from './rate-mutants.ts';

const RATE = 'server-real-time-rate';
const TOGETHER = 'server-real-time-rate-together';
const FREE = 'server-real-time-rate-free';
const RACES = ['server-real-time-rate-race-body', 'server-real-time-rate-race-header-end'];

/** The cases in real time that kill a mutant of the rate, which must be noticed without a movable clock too. */
const KILLED_BY: Readonly<Record<string, readonly string[]>> = {
  'rate-one-too-few': [RATE],
  'rate-one-too-many': [RATE],
  'rate-none': [RATE],
  'rate-global': [RATE],
  'rate-per-address': [RATE],
  'rate-per-key-and-address': [TOGETHER],
  'rate-per-key-and-origin': [TOGETHER],
  'rate-per-key-and-route': [TOGETHER],
  'rate-checked-then-counted': RACES,
  'rate-never-resets': [RATE],
  'rate-per-second': [RATE],
  'rate-half-minutes': [RATE],
  'rate-two-minutes': [RATE],
  'rate-offset-minute': [RATE],
  'rate-by-timestamp': [TOGETHER],
  'rate-from-first-hit': [RATE],
  'rate-429-burns': [RATE],
  'rate-replays-count': [FREE],
  'rate-before-replay': [FREE],
  'rate-after-permission': [TOGETHER],
  'rate-forgeries-count': [FREE],
  'rate-expired-count': [FREE],
  'rate-retry-after': [RATE],
  'rate-limit-headers': [RATE],
  'rate-limit-headers-on-success': [RATE],
};

const ofRate = RATE_MUTANTS.map(
  ({ id, alter }): Mutant<ServerParts> => ({
    id: `black-box-${id}`,
    area: 'black box',
    alter,
    killedBy: KILLED_BY[id] ?? [],
  }),
);

const per = (name: (claim: Parameters<typeof ADMISSION.window>[0]) => string) =>
  admission({ window: (claim) => `${name(claim)} ${Math.floor(claim.now / 60)}` });

/** Mutants that meet the suite without a clock, a peer or a switch for the store. */
export const BLACK_BOX_MUTANTS = [
  ...ofRate,
  ...mutants<ServerParts>('black box', [
    ['black-box-rate-per-account', per(({ keyId }) => (keyId === 'ck_demo_other' ? 'other' : 'demo')), RATE],
    ['black-box-rate-draft-headers', header('RateLimit-Policy', '"default";q=5;w=60'), RATE],
    ['black-box-rate-headers-with-hyphen', header('X-Rate-Limit-Reset', '60'), RATE],
    ['black-box-race-network-store', checkThenSet(() => sleep(1)), ...RACES],
    ['black-box-replay-only-last-400', keepingLast(400), 'server-replay-after-many'],
    ['black-box-replay-only-last-2000', keepingLast(2_000), 'server-real-time-replay'],
    [
      'black-box-replay-per-minute',
      admission({ used: (claim) => `${ADMISSION.used(claim)} ${Math.floor(claim.now / 60)}` }),
      'server-real-time-replay',
    ],
    [
      'black-box-replay-forgotten-after-60',
      admission({ usedFor: ({ now }) => now + 59 }),
      'server-real-time-replay',
    ],
    [
      'black-box-window-299',
      () => ({ isInWindow: (timestamp, now) => Math.abs(timestamp - now) < 300 }),
      'server-real-time-window',
    ],
    [
      'black-box-window-301',
      () => ({ isInWindow: (timestamp, now) => Math.abs(timestamp - now) <= 301 }),
      'server-real-time-window',
    ],
  ]),
];

function header(name: string, value: string): () => Partial<ServerParts> {
  return () => ({ headers: (status) => (status === 429 ? { [name]: value } : {}) });
}
