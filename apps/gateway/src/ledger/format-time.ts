/** ISO-8601 in UTC, whole seconds, `+00:00`, as REST answers carry it. Contract §4.6. */
export const formatTime = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, '+00:00');

/** The same, for a time that may not have come. */
export const formatOptionalTime = (time: Date | null): string | null =>
  time === null ? null : formatTime(time);
