const LARGEST_BIGINT = 9_223_372_036_854_775_807n;

/** Whether an id of the wire's grammar fits the column: the grammar allows more. Contract §4. */
export const isDatabaseId = (id: string): boolean => BigInt(id) <= LARGEST_BIGINT;
