export { ATTEMPT_CASES } from './attempt-cases.ts';
export { CLOCK_CASES } from './clock-cases.ts';
export { REDIRECT_CASES } from './redirect-cases.ts';
export { REFUSAL_CASES } from './refusal-cases.ts';
export { REQUEST_CASES } from './request-cases.ts';
export { RESPONSE_CASES } from './response-cases.ts';
export { SECRECY_CASES } from './secrecy-cases.ts';
