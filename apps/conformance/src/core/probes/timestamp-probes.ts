import { REJECTIONS } from '../rejections.ts';
import { type Expected, type Probe, probes } from './probe.ts';

type Row = Pick<Probe, 'id' | 'description' | 'craft'>;

const spelt = (id: string, description: string, spell: (now: number) => string): Row => ({
  id: `timestamp-${id}`,
  description: `${description}, signed as sent`,
  craft: ({ now }) => ({ timestamp: spell(now) }),
});

/** Texts that a lenient parser reads as the current time, each signed as it is sent. */
export const TIMESTAMP_PROBES = probes(
  { group: 'timestamp', spec: '§1.1', expected: REJECTIONS.outsideWindow },
  [
    spelt('zero', 'the epoch', () => '0'),
    spelt('milliseconds', 'milliseconds', (now) => String(now * 1000)),
    spelt('microseconds', 'microseconds', (now) => String(now * 1e6)),
    spelt('point-zero', 'a fraction of zero', (now) => `${now}.0`),
    spelt('fraction', 'a fraction', (now) => `${now}.5`),
    spelt('trailing-point', 'a trailing point', (now) => `${now}.`),
    spelt('plus', 'a plus sign', (now) => `+${now}`),
    spelt('minus', 'a minus sign', (now) => `-${now}`),
    spelt('leading-zero', 'a leading zero', (now) => `0${now}`),
    spelt('minus-zero', 'zero with a minus sign', () => '-0'),
    spelt('double-zero', 'zero written twice', () => '00'),
    spelt('inner-space', 'a space inside', (now) => `${now} 0`),
    spelt('suffix', 'a suffix', (now) => `${now}junk`),
    spelt('unit', 'a unit', (now) => `${now}s`),
    spelt('hexadecimal', 'hexadecimal digits', (now) => `0x${now.toString(16)}`),
    spelt('exponent', 'an exponent', (now) => `${now}e0`),
    spelt('underscores', 'digits grouped by _', (now) => `1_${String(now).slice(1)}`),
    spelt('comma', 'digits grouped by commas', (now) => now.toLocaleString('en-US')),
    spelt('iso-8601', 'a date', (now) => new Date(now * 1000).toISOString()),
    spelt('http-date', 'an HTTP date', (now) => new Date(now * 1000).toUTCString()),
    spelt('sixteen-digits', 'more than fifteen digits', (now) => `${now}000000`),
    spelt('thirty-digits', 'thirty digits', () => '1'.repeat(30)),
    spelt('word', 'no number at all', () => 'now'),
    spelt('not-a-number', 'the text NaN', () => 'NaN'),
    spelt('infinity', 'the text Infinity', () => 'Infinity'),
    spelt('quoted', 'a quoted number', (now) => `"${now}"`),
    spelt('joined', 'two values joined by a comma', (now) => `${now}, ${now}`),
    spelt('no-break-space', 'a no-break space after it, which some languages trim', (now) => `${now}\u00a0`),
    spelt('latin1-digits', 'superscript digits', (now) => `${now}\u00b2`),
  ],
);

const at =
  (offset: number): Row['craft'] =>
  ({ now }) => ({ timestamp: String(now + offset) });

const window = (expected: Expected, offsets: readonly number[]): readonly Probe[] =>
  probes(
    { group: 'window', spec: '§2 restriction 1', expected },
    offsets.map((offset) => ({
      id: `window-${offset < 0 ? 'past' : 'future'}-${Math.abs(offset)}`,
      description: `a timestamp ${Math.abs(offset)} s in the ${offset < 0 ? 'past' : 'future'}`,
      craft: at(offset),
    })),
  );

/** Offsets that stay correct with a clock error of a few seconds. */
export const COARSE_WINDOW_PROBES: readonly Probe[] = [
  ...window('accepted', [-290, 290]),
  ...window(REJECTIONS.outsideWindow, [-310, 310, -3600, 3600, -86_400, 86_400]),
];

/** Offsets at the edge of the window, which need a frozen clock. */
export const EXACT_WINDOW_PROBES: readonly Probe[] = [
  ...window('accepted', [-299, 299, -300, 300]),
  ...window(REJECTIONS.outsideWindow, [-301, 301]),
];
