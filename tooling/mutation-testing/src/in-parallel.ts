/** Does the jobs with at most so many under way at once; the results keep the order of the jobs. */
export const inParallel = async <Job, Result>(
  jobs: readonly Job[],
  width: number,
  perform: (job: Job) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const job = jobs[index];
      if (job === undefined) return;
      results[index] = await perform(job);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
};
