import { createSigningKey, ProtocolError, signRequest } from '@cpg/protocol';
import { textOf } from './base64.ts';

export interface SignCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: string;
  readonly keyId: string;
  readonly secretB64: string;
}

/** Signs one request at a given time, with every stage. */
export const signCommand = (command: SignCommand) => {
  const { keyId, method, target, now } = command;
  try {
    const key = createSigningKey(textOf(command.secretB64));
    const body = Buffer.from(command.bodyB64, 'base64');
    const signed = signRequest({ keyId, key, method, target, body, timestamp: now });
    return {
      headers: Object.entries(signed.headers),
      path: signed.path,
      query: signed.query,
      bodySha256: signed.bodySha256,
      canonicalB64: Buffer.from(signed.canonical, 'utf8').toString('base64'),
    };
  } catch (error) {
    if (ProtocolError.is(error)) return { refused: error.message };
    throw error;
  }
};
