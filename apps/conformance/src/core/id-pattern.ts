/** Whether an id fits a pattern: letters stand for themselves, `*` for any run of characters. */
export const fits = (pattern: string, id: string): boolean => {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`).test(id);
};
