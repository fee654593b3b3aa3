import { ANSWERS } from '../core/answers.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { TestKey, TestKeys } from './test-keys.ts';

/** Keys that may do at least `_ping` from here and have requests to spare. */
const liveKeys = ({ full, readonly, noperm, other, only }: TestKeys): readonly [string, TestKey][] => [
  ...Object.entries({ full, readonly, noperm, other }),
  ...Object.entries(only ?? {}).map(([permission, key]): [string, TestKey] => [`only.${permission}`, key]),
];

const REFUSAL = `${ANSWERS.invalidSignature.status} ${ANSWERS.invalidSignature.message}`;

/**
 * Asks once with each live key. Returns what the reader of a report should know of it. Throws when the server refuses the signature of
 * some keys and accepts that of others, so that it is the keys that differ; and when it says of a new signature that it was used.
 */
export const preflight = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const refused: string[] = [];
  const accepted: string[] = [];
  for (const [role, key] of liveKeys(server.target.keys)) {
    // Whatever else goes wrong here, the cases will tell.
    const answer = await server.ask({}, server.basisOf(key)).catch(() => undefined);
    const isUsed = answer?.text.includes(ANSWERS.alreadyUsed.message) ?? false;
    if (isUsed && server.target.clock !== undefined)
      throw new Error(
        'the server says that a new signature was used already: an earlier run has moved its clock ahead, so that it cannot know. Start the server afresh.',
      );
    const isRefused = answer?.status === 401 && answer.text.includes(ANSWERS.invalidSignature.message);
    if (isRefused) refused.push(role);
    else if (answer?.status === 200) accepted.push(role);
  }
  if (refused.length === 0) return [];
  if (accepted.length === 0) return [`every key is refused: ${REFUSAL}; are these the keys of the server?`];
  throw new Error(
    `the server does not accept the key of the role ${refused.join(', ')}: check keyId and secret in the keys file. It answers ${REFUSAL} to a correct request, and accepts that of ${accepted.join(', ')}.`,
  );
};
