import { SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const parse = (change: (text: string) => number | undefined) => (): Partial<ServerParts> => ({
  parseTimestamp: (text) => SERVER.parseTimestamp(text) ?? finite(change(text)),
});
const finite = (value: number | undefined) => (Number.isFinite(value) ? value : undefined);
const inside = (change: ServerParts['isInWindow']) => (): Partial<ServerParts> => ({ isInWindow: change });

/** Takes some texts for a timestamp that is always inside the window. */
const always = (isMeant: (text: string) => boolean) => (): Partial<ServerParts> => ({
  parseTimestamp: (text) => (isMeant(text) ? Number.POSITIVE_INFINITY : SERVER.parseTimestamp(text)),
  isInWindow: (timestamp, now) => timestamp === Number.POSITIVE_INFINITY || SERVER.isInWindow(timestamp, now),
});

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
  ['timestamp-trimmed', parse((t) => SERVER.parseTimestamp(t.trim())), 'server-timestamp-no-break-space'],
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
  ['timestamp-infinity-passes', always((t) => t === 'Infinity'), 'server-timestamp-infinity'],
  ['timestamp-long-truncated', always((t) => /^\d{16,}$/.test(t)), 'server-timestamp-thirty-digits'],
  ['timestamp-minus-zero-passes', always((t) => t === '-0'), 'server-timestamp-minus-zero'],
  ['timestamp-double-zero-passes', always((t) => t === '00'), 'server-timestamp-double-zero'],
]);
