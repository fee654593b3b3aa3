const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether what was read holds everything that was sent: each member with its value, whatever more there is. A member that is null may
 * be left out, as many languages do.
 */
export const agrees = (sent: unknown, read: unknown): boolean => {
  if (Array.isArray(sent))
    return (
      Array.isArray(read) && read.length === sent.length && sent.every((each, i) => agrees(each, read[i]))
    );
  if (isObject(sent))
    return isObject(read) && Object.entries(sent).every(([name, value]) => agrees(value, read[name]));
  return sent === null ? read === null || read === undefined : sent === read;
};
