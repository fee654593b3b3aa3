/** What a case can come to, with what it means. */
export const VERDICTS = Object.freeze({
  pass: 'The implementation did what the contract says.',
  fail: 'The implementation departed from the contract.',
  warn: 'A departure that the contract tolerates; fails a strict run.',
  xfail: 'Listed as a known failure, and failed.',
  xpass: 'Listed as a known failure, but passed: the entry is stale.',
  notapplicable: 'The implementation declares that it lacks what the case needs.',
  error: 'No verdict: a crash, a timeout, an unreadable answer or a case that checked nothing.',
} as const);

export type Verdict = keyof typeof VERDICTS;

/** Whether it says something about the implementation. */
export const isJudged = (verdict: Verdict): boolean => verdict !== 'notapplicable' && verdict !== 'error';

/** The three layers of the suite: no I/O, a client on the wire, a server on the wire. */
export const LAYERS = Object.freeze(['vectors', 'client', 'server'] as const);

export type Layer = (typeof LAYERS)[number];
