import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const LEAKS = ['client-output-hides-secrets', 'vectors-output-hides-secrets'] as const;
const STOPS = ['client-adapter-stops', 'vectors-adapter-stops'] as const;

const change = (parts: Partial<ClientParts>) => () => parts;

export const CLIENT_SECRECY_MUTANTS = mutants<ClientParts>('client: secrecy', [
  ['prints-secret', change({ log: (secret) => void process.stderr.write(`using ${secret}\n`) }), ...LEAKS],
  [
    'prints-secret-in-base64',
    change({ log: (secret) => void process.stderr.write(Buffer.from(secret).toString('base64')) }),
    ...LEAKS,
  ],
  [
    'prints-signature',
    change({ log: (_secret, signature) => void process.stderr.write(`sent ${signature}\n`) }),
    ...LEAKS,
  ],
  [
    'prints-secret-when-it-ends',
    () => {
      let last = '';
      return {
        log: (secret) => {
          last = secret;
        },
        end: () => {
          process.stderr.write(`was using ${last}\n`, () => process.exit(0));
        },
      };
    },
    ...LEAKS,
  ],
  ['ends-with-3', change({ end: () => process.exit(3) }), ...STOPS],
  ['does-not-end', change({ end: () => void setInterval(() => undefined, 1_000) }), ...STOPS],
  [
    'error-shows-signature',
    () => {
      let last = '';
      return {
        log: (_secret, signature) => {
          last = signature;
        },
        read: (parts, response, request) => {
          const result = CLIENT.read(parts, response, request);
          return result.error === undefined
            ? result
            : { ...result, error: { ...result.error, message: `${result.error.message} (${last})` } };
        },
      };
    },
    'client-error-hides-signature',
  ],
]);
