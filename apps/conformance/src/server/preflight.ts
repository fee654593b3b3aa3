import { ANSWERS } from '../core/answers.ts';
import type { ServerAnswer } from './server-answer.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { TestKey, TestKeys } from './test-keys.ts';

/** Keys that may do at least `_ping` from here and have requests to spare. */
const liveKeys = ({ full, readonly, noperm, other, only }: TestKeys): readonly [string, TestKey][] => [
  ...Object.entries({ full, readonly, noperm, other }),
  ...Object.entries(only ?? {}).map(([permission, key]): [string, TestKey] => [`only.${permission}`, key]),
];

const REFUSAL = `${ANSWERS.invalidSignature.status} ${ANSWERS.invalidSignature.message}`;

const isInvalid = (answer: ServerAnswer | undefined): boolean =>
  answer?.status === ANSWERS.invalidSignature.status &&
  answer.text.includes(ANSWERS.invalidSignature.message);

/** A server may lack `_ping`. */
const PAST_AUTHENTICATION = new Set([200, 404]);

/** It is refused in any case; as what, may be the keys file or the server. */
const askListed = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const answer = await server.ask({}, server.basis('ipListed')).catch(() => undefined);
  return isInvalid(answer) ? [`the key of the role ipListed is refused as ${REFUSAL}; is it right?`] : [];
};

/**
 * Asks once with each live key. Returns what the reader of a report should know of it. Throws when the server refuses the signature of
 * some keys and accepts that of others, so that it is the keys that differ; and when it says of a new signature that it was used.
 */
export const preflight = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const refused: string[] = [];
  const accepted: string[] = [];
  for (const [role, key] of liveKeys(server.target.keys)) {
    const answer = await server.ask({}, server.basisOf(key)).catch(() => undefined);
    // Whatever else goes wrong here, the cases will tell.
    if (answer === undefined) return [];
    if (answer.text.includes(ANSWERS.alreadyUsed.message) && server.target.clock !== undefined)
      throw new Error(
        'the server says that a new signature was used already: an earlier run has moved its clock ahead, so that it cannot know. Start the server afresh.',
      );
    if (isInvalid(answer)) refused.push(role);
    else if (PAST_AUTHENTICATION.has(answer.status)) accepted.push(role);
  }
  if (refused.length === 0) return askListed(server);
  if (accepted.length === 0) return [`every key is refused: ${REFUSAL}; are these the keys of the server?`];
  throw new Error(
    `the server does not accept the key of the role ${refused.join(', ')}: check keyId and secret in the keys file. It answers ${REFUSAL} to a correct request, and accepts that of ${accepted.join(', ')}.`,
  );
};
