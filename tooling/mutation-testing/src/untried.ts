const REAL_TIME =
  'needs real time, and most of them minutes of it; with a movable clock, which the reference server has, other cases show the same at once';

/** Cases that no correct implementation is given the means to try, and why. One that is tried after all is stale. */
export const UNTRIED: Readonly<Record<string, string>> = {
  'server-real-time-window': REAL_TIME,
  'server-real-time-rate': REAL_TIME,
  'server-real-time-replay': REAL_TIME,
};
