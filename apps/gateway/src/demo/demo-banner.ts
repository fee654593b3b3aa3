import { DEMO_KEYS } from './demo-keys.ts';

/** What `npm run gateway` prints for the person who started it: the published demo keys. */
export const demoBanner = (): string => {
  const width = Math.max(...DEMO_KEYS.map((key) => key.keyId.length));
  const rows = DEMO_KEYS.map((key) => `  ${key.keyId.padEnd(width)}  ${key.secret}`);
  return ['Demo keys (published, never for real money):', ...rows, ''].join('\n');
};
