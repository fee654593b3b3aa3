import { parseTimestamp } from '../timestamp.ts';
import { defineMistakes } from './mistake.ts';

const MOST_SECONDS_APART = 60;
const MILLISECONDS =
  'The timestamp was signed in milliseconds: sign the Unix seconds that X-CPG-Timestamp carries, Math.floor(Date.now() / 1000).';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Mistakes with the first field. Contract §1.1. */
export const timestampMistakes = defineMistakes([
  {
    code: 'timestamp_milliseconds_signed',
    message: MILLISECONDS,
    variants: ({ timestamp }) => [{ timestamp: `${timestamp}000` }],
  },
  {
    code: 'timestamp_milliseconds_sent',
    message:
      'Seconds were signed, but X-CPG-Timestamp carries milliseconds: send the very text that was signed, in Unix seconds.',
    variants: ({ timestamp }) => [{ timestamp: timestamp.slice(0, -3) }],
  },
  {
    code: 'timestamp_other_format',
    message:
      'The timestamp was signed as a date or a fraction: sign the whole Unix seconds that X-CPG-Timestamp carries.',
    variants: ({ timestamp }) => {
      const date = new Date((parseTimestamp(timestamp) ?? Number.NaN) * 1000);
      if (Number.isNaN(date.getTime())) return [];
      const iso = date.toISOString();
      const formats = [iso, iso.replace('.000Z', 'Z'), iso.replace('.000Z', '+00:00'), date.toUTCString()];
      return [...formats, `${timestamp}.0`].map((text) => ({ timestamp: text }));
    },
  },
  {
    code: 'timestamp_milliseconds_signed',
    message: MILLISECONDS,
    isBroad: true,
    variants: ({ timestamp }) =>
      upTo(999).map((rest) => ({ timestamp: `${timestamp}${String(rest).padStart(3, '0')}` })),
  },
  {
    code: 'timestamp_differs',
    message:
      'Another timestamp was signed than X-CPG-Timestamp carries: read the clock once for each attempt, then sign and send that value.',
    isBroad: true,
    variants: ({ timestamp }) => {
      const seconds = parseTimestamp(timestamp);
      if (seconds === undefined) return [];
      return upTo(MOST_SECONDS_APART).flatMap((distance) => [
        { timestamp: String(seconds - distance) },
        { timestamp: String(seconds + distance) },
      ]);
    },
  },
]);
