import type { RequestDetail, ShownBody, ShownFinding } from '@cpg/console/api';
import {
  bodySha256,
  canonicalString,
  isRejection,
  KEY_HEADER,
  parseRequestTarget,
  type RejectionCode,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from '@cpg/protocol';
import { explainMismatch } from '@cpg/protocol/explain';
import express, { type Router } from 'express';
import { z } from 'zod';
import { createDatabaseKeyStore } from '../keys/api-keys.ts';
import { createMask, maskHeaderValue } from '../secret-masks.ts';
import type { Services } from '../services.ts';
import type { CapturedBody, CapturedExchange, LoggedRequest, RequestLog } from './request-log.ts';
import { sandboxRoute } from './sandbox-route.ts';

const id = z.coerce.number({ error: 'Input should be the id of a request' }).int().positive();
const after = z.coerce.number({ error: 'Input should be the id of a request' }).int().min(0).default(0);

/** The request log: all lines, and one request with its bytes and what the gateway computed from them. */
export const createRequestRouter = (services: Services, log: RequestLog): Router => {
  const router = express.Router();
  router.get(
    '/requests',
    sandboxRoute(z.object({ after }), async (input) => log.after(input.after)),
  );
  router.get(
    '/requests/:id',
    sandboxRoute(z.object({ id }), async (input): Promise<RequestDetail | undefined> => {
      const request = log.find(input.id);
      if (request === undefined) return undefined;
      const exchange = log.findExchange(input.id);
      return {
        ...request,
        exchange: exchange === undefined ? null : await describe(services, request, exchange),
      };
    }),
  );
  return router;
};

const describe = async (
  services: Services,
  request: LoggedRequest,
  exchange: CapturedExchange,
): Promise<RequestDetail['exchange']> => {
  const { method, target, httpVersion, rawHeaders, body, responseHeaders, responseBody } = exchange;
  const lines = Array.from({ length: rawHeaders.length / 2 }, (_all, index) => {
    const [name = '', value = ''] = rawHeaders.slice(index * 2);
    return `${name}: ${maskHeader(name, value, request.key_id !== null)}`;
  });
  const mask = createMask(getHeader(exchange, SIGNATURE_HEADER));
  const responseLines = Object.entries(responseHeaders).map(([name, value]) => `${name}: ${String(value)}`);
  return {
    target: mask(target),
    head: mask([`${method} ${target} HTTP/${httpVersion}`, ...lines].join('\n')),
    body: showBody(body, mask),
    response_head: [`HTTP/${httpVersion} ${request.status ?? '(none)'}`, ...responseLines].join('\n'),
    response_body: showBody(responseBody, mask),
    canonical: mask(findCanonical(exchange) ?? '') || null,
    findings: request.outcome === 'invalid_signature' ? await findMistakes(services, exchange) : [],
    fix: request.outcome === 'served' || request.outcome === 'aborted' ? null : FIXES[request.outcome],
  };
};

const SHOWN_START = 6;

/** A valid signature is usable until its timestamp is too old: only its start and its length are shown. */
const maskHeader = (name: string, value: string, isKnownKey: boolean): string => {
  const isSignature = name.toLowerCase() === SIGNATURE_HEADER.toLowerCase();
  // The id of no key may be a secret in the wrong place.
  const isUnknownKey = name.toLowerCase() === KEY_HEADER.toLowerCase() && !isKnownKey;
  if (isSignature || isUnknownKey) {
    const start = value.slice(0, Math.min(SHOWN_START, Math.floor(value.length / 4)));
    return `${start}… (${value.length} characters)`;
  }
  return maskHeaderValue(name, value);
};

const showBody = (
  { bytes, length }: CapturedBody,
  mask: (text: string, isCut: boolean) => string,
): ShownBody => {
  const text = bytes.toString('utf8');
  const isBinary = !Buffer.from(text).equals(bytes);
  return {
    text: isBinary ? bytes.toString('base64') : mask(text, bytes.length < length),
    bytes: length,
    is_cut: bytes.length < length,
    is_binary: isBinary,
  };
};

const getHeader = ({ rawHeaders }: CapturedExchange, name: string): string | undefined => {
  const index = rawHeaders.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name.toLowerCase());
  return index === -1 ? undefined : rawHeaders[index + 1];
};

const findCanonical = (exchange: CapturedExchange): string | undefined => {
  const target = parseRequestTarget(exchange.target);
  const timestamp = getHeader(exchange, TIMESTAMP_HEADER);
  if (isRejection(target) || timestamp === undefined || isCut(exchange)) return undefined;
  return canonicalString({
    timestamp,
    method: exchange.method,
    ...target,
    bodySha256: bodySha256(exchange.body.bytes),
  });
};

const isCut = ({ body }: CapturedExchange): boolean => body.bytes.length < body.length;

const found = new WeakMap<CapturedExchange, ShownFinding[]>();

/** Looks once for each request: pairs of mistakes take some hundred milliseconds. */
const findMistakes = async (services: Services, exchange: CapturedExchange): Promise<ShownFinding[]> => {
  const findings = found.get(exchange) ?? (await searchMistakes(services, exchange));
  found.set(exchange, findings);
  return findings;
};

/** The mistakes that reproduce the signature exactly, with one of the secrets of the key. */
const searchMistakes = async (services: Services, exchange: CapturedExchange): Promise<ShownFinding[]> => {
  const keyId = getHeader(exchange, KEY_HEADER) ?? '';
  const key = await createDatabaseKeyStore(services).find(keyId);
  if (key === undefined) return [{ code: 'unknown_key', message: UNKNOWN_KEY }];
  if (key.revoked) return [{ code: 'revoked_key', message: REVOKED_KEY }];
  if (isCut(exchange)) return [];
  const { method, target, rawHeaders, body } = exchange;
  const timestamp = getHeader(exchange, TIMESTAMP_HEADER) ?? '';
  const request = { method, target, timestamp, body: body.bytes, keyId, rawHeaders };
  const host = getHeader(exchange, 'Host');
  const received = host === undefined ? request : { ...request, host };
  const signature = getHeader(exchange, SIGNATURE_HEADER) ?? '';
  for (const combinations of [false, true]) {
    for (const signingKey of key.signingKeys) {
      const findings = explainMismatch({ key: signingKey, request: received, signature, combinations });
      if (findings.length > 0) return findings;
    }
  }
  return [{ code: 'no_known_mistake', message: UNKNOWN_MISTAKE }];
};

const UNKNOWN_KEY = 'No key has this id. Copy the id again from the list of API keys.';
const REVOKED_KEY = 'The key is revoked. Create another one.';
const UNKNOWN_MISTAKE =
  'The signature matches no known mistake. Compare the canonical string below with yours, byte by byte, and check that the secret belongs to this key.';

/** What to do about each rejection, for the developer of the client. */
const FIXES: Readonly<Record<RejectionCode, string>> = {
  malformed_request_target:
    'Percent-encode the target: visible ASCII after exactly one leading slash, without # and \\.',
  malformed_json_body: 'Send valid JSON, without a key twice. The body must be exactly what was signed.',
  missing_authentication_headers: `Send ${KEY_HEADER}, ${TIMESTAMP_HEADER} and ${SIGNATURE_HEADER} with every request.`,
  malformed_authentication_headers: `Send each of the three headers once: the key id, Unix seconds as digits, and 64 lowercase hex digits.`,
  timestamp_outside_window:
    'Set the clock right: the timestamp must be within 300 seconds of the clock above. Sign each attempt again.',
  invalid_signature: 'Correct the mistake that is named here, and sign again.',
  signature_already_used:
    'Sign every request again: a signature is accepted once. Two equal requests in one second need different timestamps.',
  source_ip_not_whitelisted: 'Send from an allowed address, or add this one to the key under API keys.',
  missing_permission: 'Give the key this permission under API keys, or use a key that has it.',
  not_found: 'Check the path and the id: what belongs to another account is not found either.',
  network_not_found: 'Use a network that is listed under Currencies.',
  hot_wallet_not_allocated: 'Turn on a currency of this network for the account under Currencies.',
  method_not_allowed: 'Use the method that the Allow header of the response names.',
  incomplete_body: 'Send as many bytes as Content-Length says, without a long pause.',
  client_reference_conflict:
    'Use a new client_reference for another withdrawal; the same one only to repeat the same.',
  idempotency_key_conflict:
    'Use a new idempotency_key for another deposit; the same one only to repeat the same.',
  body_too_large: 'Send a smaller body.',
  content_encoding_not_supported: 'Send the body without compression.',
  validation_failed: 'Correct the field that the message of the response names.',
  rate_limit_exceeded: 'Wait as Retry-After says, or raise the limit of the key under API keys.',
  too_many_requests_from_ip: 'Wait as Retry-After says. CPG_IP_LIMIT_PER_MINUTE sets this limit.',
  insufficient_available_balance:
    'Deposit first: the available amount must cover the withdrawal and its fee.',
  withdrawals_not_enabled: 'Turn withdrawals on for this currency under Currencies.',
  deposits_not_enabled: 'Turn deposits on for this currency under Currencies.',
  amount_below_minimum: 'Withdraw at least the minimum, which Currencies shows.',
  invalid_destination_address:
    'Check the address: its form and checksum must be those of the network, and it must not be a contract or a wallet of the gateway.',
  internal_server_error: 'Look for the request id in the log of the gateway.',
  service_unavailable: 'Wait as Retry-After says, then sign and send again.',
};
