import {
  AUTHENTICATION_HEADERS,
  bodySha256,
  canonicalString,
  createSigningKey,
  isKeyId,
  isRejection,
  isWithinWindow,
  parseRequestTarget,
  parseTimestamp,
  REJECTIONS,
  type Rejection,
  verify,
} from '@cpg/protocol';
import { textOf } from './base64.ts';

export interface VerifyCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyB64: string;
  readonly keys: readonly { readonly keyId: string; readonly secretB64: string }[];
}

/** Decides about one request as a server would, without memory. */
export const verifyCommand = (command: VerifyCommand) => {
  const rejection = findRejection(command);
  return rejection === undefined
    ? { accepted: true }
    : { accepted: false, status: rejection.status, message: rejection.message };
};

// The order of contract §2.1.
const findRejection = (command: VerifyCommand): Rejection | undefined => {
  const valuesOf = (name: string): readonly string[] =>
    command.headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const [keyIds = [], timestamps = [], signatures = []] = AUTHENTICATION_HEADERS.map(valuesOf);
  const all = [keyIds, timestamps, signatures];
  if (all.some((values) => values.every((value) => value === '')))
    return REJECTIONS.missing_authentication_headers;
  const [keyId = '', timestamp = '', signature = ''] = all.map(([value]) => value);
  if (all.some((values) => values.length > 1) || !isKeyId(keyId))
    return REJECTIONS.malformed_authentication_headers;
  const target = parseRequestTarget(command.target);
  if (isRejection(target)) return target;
  const seconds = parseTimestamp(timestamp);
  if (seconds === undefined || !isWithinWindow(seconds, command.now))
    return REJECTIONS.timestamp_outside_window;
  if (valuesOf('content-encoding').some((value) => value.toLowerCase() !== 'identity')) {
    return REJECTIONS.content_encoding_not_supported;
  }
  const known = command.keys.find((key) => key.keyId === keyId);
  const bodyHash = bodySha256(Buffer.from(command.bodyB64, 'base64'));
  const method = command.method.toUpperCase();
  const canonical = canonicalString({ timestamp, method, ...target, bodySha256: bodyHash });
  const isGenuine =
    known !== undefined && verify(createSigningKey(textOf(known.secretB64)), canonical, signature);
  return isGenuine ? undefined : REJECTIONS.invalid_signature;
};
