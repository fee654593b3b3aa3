/** ISO-8601 in UTC with `Z`, the fraction in microseconds and only when it is not zero. Contract §5. */
export const formatEventTime = (time: Date): string =>
  time
    .toISOString()
    .replace(/\.(\d{3})Z$/, (_all, fraction: string) => (fraction === '000' ? 'Z' : `.${fraction}000Z`));
