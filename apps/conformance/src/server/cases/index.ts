export { BODY_CASES } from './body-cases.ts';
export { KEY_CASES } from './key-cases.ts';
export { PERMISSION_CASES } from './permission-cases.ts';
export { PROBE_CASES } from './probe-cases.ts';
export { RACE_CASES } from './race-cases.ts';
export { RATE_CASES } from './rate-cases.ts';
export { REAL_TIME_CASES } from './real-time-cases.ts';
export { REPLAY_CASES } from './replay-cases.ts';
export type { ServerCase } from './server-case.ts';
