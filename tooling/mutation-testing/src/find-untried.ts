/** What is wrong with the cases that nobody tried, and with the table of those that need not be. */
export const findUntried = (
  planned: readonly string[],
  tried: ReadonlySet<string>,
  reasons: Readonly<Record<string, string>>,
): { readonly untried: readonly string[]; readonly problems: readonly string[] } => {
  const untried = planned.filter((id) => !tried.has(id));
  const unexplained = untried
    .filter((id) => !Object.hasOwn(reasons, id))
    .map((id) => `UNTRIED     ${id}: no correct implementation was given the means to try it`);
  const stale = planned
    .filter((id) => Object.hasOwn(reasons, id) && tried.has(id))
    .map((id) => `STALE       ${id} is listed as untried, but was tried`);
  return { untried, problems: [...unexplained, ...stale] };
};
