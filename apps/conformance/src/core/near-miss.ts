import { createSigningKey, explainMismatch } from '@cpg/protocol';

interface WrongSignature {
  readonly secret: Buffer | string;
  readonly signature: string;
  readonly request: Parameters<typeof explainMismatch>[0]['request'];
}

/**
 * The known mistake that makes exactly this signature, with its cure; `undefined` when none does. A hint and nothing more: what is right
 * and wrong is decided by the suite's own oracle.
 */
export const nearMiss = ({ secret, signature, request }: WrongSignature): string | undefined => {
  try {
    const key = createSigningKey(secret.toString());
    return explainMismatch({ key, signature, request })[0]?.message;
  } catch {
    // A secret that is no key of the protocol leaves nothing to explain.
    return undefined;
  }
};
