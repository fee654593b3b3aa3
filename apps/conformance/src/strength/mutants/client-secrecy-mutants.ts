import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const change = (parts: Partial<ClientParts>) => () => parts;

export const CLIENT_SECRECY_MUTANTS = mutants<ClientParts>('client: secrecy', [
  [
    'prints-secret',
    change({ log: (secret) => void process.stderr.write(`using ${secret}\n`) }),
    'client-output-hides-secrets',
  ],
  [
    'prints-secret-in-base64',
    change({ log: (secret) => void process.stderr.write(Buffer.from(secret).toString('base64')) }),
    'client-output-hides-secrets',
  ],
  [
    'error-shows-signature',
    () => {
      let last = '';
      return {
        log: (_secret, signature) => {
          last = signature;
        },
        read: (parts, answer, request) => {
          const result = CLIENT.read(parts, answer, request);
          return result.error === undefined
            ? result
            : { ...result, error: { ...result.error, message: `${result.error.message} (${last})` } };
        },
      };
    },
    'client-error-hides-signature',
  ],
]);
