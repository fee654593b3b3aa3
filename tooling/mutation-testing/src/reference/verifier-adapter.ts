import { serveCommands } from './adapter-protocol.ts';
import { makeDecide } from './decide.ts';
import type { ServerKey, ServerParts } from './server-parts.ts';

interface VerifyCommand {
  readonly cmd: string;
  readonly id: string;
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyB64: string;
  readonly keys: readonly { readonly keyId: string; readonly secretB64: string }[];
}

interface WebhookCommand {
  readonly now: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyB64: string;
  readonly secretB64: string;
}

const toKey = ({ keyId, secretB64 }: VerifyCommand['keys'][number]): ServerKey => ({
  keyId,
  secret: Buffer.from(secretB64, 'base64').toString('utf8'),
  permissions: [],
  limit: 1,
  isRevoked: false,
  whitelist: [],
  account: '',
});

const verify = async (parts: ServerParts, command: VerifyCommand): Promise<object> => {
  const { method, target, headers, bodyB64, now, keys } = command;
  const body = Buffer.from(bodyB64, 'base64');
  const order = parts.order.filter((step) => step !== 'admission' && step !== 'permission');
  const decide = makeDecide({ ...parts, order }, keys.map(toKey));
  const nowhere = { trailers: [], address: '', connection: {}, instance: 0 };
  const request = { method, target, headers, body, ...nowhere };
  const { rejection } = await decide(parts.arrive(request), { now, permission: null, store: 'up' });
  return rejection === undefined ? { accepted: true } : { accepted: false, ...rejection };
};

const reject = (message: string): object => ({ accepted: false, status: 401, message });

const verifyWebhook = (parts: ServerParts, command: WebhookCommand): object => {
  const { now, headers, bodyB64, secretB64 } = command;
  const values = ['X-CPG-Timestamp', 'X-CPG-Signature'].map((name) => parts.getHeaderValues(headers, name));
  if (parts.isMissing(values)) return reject('Missing authentication headers');
  // A webhook has no key id; a well-formed one stands in for it.
  if (parts.isMalformed([['webhook'], ...values])) return reject('Malformed authentication headers');
  const [text = '', signature = ''] = values.map(parts.pick);
  const timestamp = parts.parseTimestamp(text);
  if (timestamp === undefined || !parts.isInWindow(timestamp, now))
    return reject('Request timestamp is outside the allowed window');
  const body = parts.body(Buffer.from(bodyB64, 'base64'), 'POST');
  const signed = parts.webhookText(text, body).toString('latin1');
  const expected = parts.mac(parts.key(Buffer.from(secretB64, 'base64')), signed);
  return parts.compare(expected, parts.webhookSignature(signature))
    ? { accepted: true }
    : reject('Invalid signature');
};

/** Speaks the adapter protocol for a verifier made of these parts. */
export const serveVerifier = async (parts: ServerParts): Promise<void> => {
  const respond = (command: VerifyCommand): object | Promise<object> => {
    if (command.cmd === 'hello')
      return { name: 'reference-verifier', language: 'javascript', roles: ['verify', 'webhook'], caps: [] };
    if (command.cmd === 'verify-webhook') return verifyWebhook(parts, command as never);
    return command.cmd === 'verify'
      ? verify(parts, command).catch(() => ({
          accepted: false,
          status: 500,
          message: 'Internal server error',
        }))
      : {};
  };
  await serveCommands(respond);
};
