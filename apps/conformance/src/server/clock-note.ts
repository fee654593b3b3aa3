/** What a report says of a server's clock; `offset` is what it is ahead of ours, in seconds. */
export const clockNote = (offset: number): string => {
  if (offset === 0) return 'clock agrees';
  return offset < 0 ? `clock ${-offset} s behind` : `clock ${offset} s ahead`;
};
