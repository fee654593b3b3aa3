/** A time as people read it: date and time in UTC, to the second. */
export const formatTime = (time: string | number): string =>
  new Date(time).toISOString().slice(0, 19).replace('T', ' ');

export const formatClock = (time: string | number): string => new Date(time).toISOString().slice(11, 19);

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** A length of time in its largest unit, such as `5 min`. */
export const formatDuration = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  for (const [unit, size] of UNITS) {
    if (seconds >= size * 2) return `${Math.round(seconds / size)} ${unit}`;
  }
  return `${seconds} s`;
};

/** How long ago, or in how long. */
export const formatDistance = (time: string | number, now: number): string => {
  const distance = new Date(time).getTime() - now;
  return distance <= 0 ? `${formatDuration(-distance)} ago` : `in ${formatDuration(distance)}`;
};

export const formatMs = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** An amount without the zeros at its end. */
export const formatAmount = (amount: string): string =>
  amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount;

export const formatCount = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
