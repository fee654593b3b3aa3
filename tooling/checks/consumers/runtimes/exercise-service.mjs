// What the service must respond on every runtime. Requests are signed as late as they are sent.
import { createSigningKey, signRequest } from '@cpg/protocol';
import { SECRET } from './service.mjs';

const key = createSigningKey(SECRET);
const encoder = new TextEncoder();
let serial = 0;

const INVALID = 'Invalid signature';
const echo = (text) => ({ raw: text, body: JSON.parse(text), again: text });
const post = (target, body, rest) => ({ method: 'POST', target, body, ...rest });
const WITHDRAWAL = '{"currency":"USDT","network":"ETH","to_address":"0x52908400098527886E0F","amount":"1"}';

/** Each with the request, its status, and the message or the whole body of the response. */
const CASES = [
  [{}, 200, 'OK'],
  [{ target: '/v1/balances?currency=usdt&x=%7E&y=a+b' }, 200, 'OK'],
  [post('/own/echo', '{ "a" : "€ü", "b": 2 }\n'), 200, echo('{ "a" : "€ü", "b": 2 }\n')],
  [post('/own/echo', JSON.stringify('x'.repeat(300_000))), 200, echo(JSON.stringify('x'.repeat(300_000)))],
  [{ keyId: 'ck_here' }, 200, 'OK'],
  [{ keyId: 'ck_elsewhere' }, 403, 'Source IP is not whitelisted for this API key'],
  [{ headers: { 'X-CPG-Key': undefined } }, 401, 'Missing authentication headers'],
  [{ keyId: 'ck_unknown' }, 401, INVALID],
  [{ sentTarget: '/v1/_ping?other=1' }, 401, INVALID],
  [post('/own/echo', '{"a":1}', { sentBody: '{"a":2}' }), 401, INVALID],
  [{ age: 301 }, 401, 'Request timestamp is outside the allowed window'],
  [
    post('/own/echo', '{}', { headers: { 'Content-Encoding': 'br' } }),
    415,
    'Content-Encoding is not supported',
  ],
  [post('/own/echo', 'x'.repeat(1_048_577)), 413, 'Request body is too large'],
  [post('/own/echo', '{"a":'), 400, 'Malformed JSON body'],
  [post('/own/echo', '{"a":1,"a":2}'), 400, 'Malformed JSON body'],
  [{ keyId: 'ck_none', target: '/v1/balances' }, 403, 'API key lacks the required permission: read_balance'],
  [{ keyId: 'ck_once' }, 429, 'Rate limit exceeded'],
  [post('/v1/withdrawals', '{}'), 422],
  [post('/v1/withdrawals', WITHDRAWAL), 500, 'Internal server error'],
  [{ target: '/v1/unknown' }, 404, 'Not found'],
  [{ method: 'DELETE', target: '/v1/balances' }, 405, 'Method not allowed'],
];

const createRequest = ({ method = 'GET', target = '/v1/_ping', body, keyId = 'ck_full', ...rest }) => {
  // No two requests have the same signature.
  serial += 1;
  const unique = `${target}${target.includes('?') ? '&' : '?'}serial=${serial}`;
  const timestamp = Math.floor(Date.now() / 1000) - (rest.age ?? 0);
  const signed = signRequest({
    ...{ keyId, key, method, timestamp, target: unique },
    body: encoder.encode(body ?? ''),
  });
  const headers = Object.entries({ ...signed.headers, ...rest.headers });
  return {
    target: rest.sentTarget ?? unique,
    init: {
      method,
      headers: Object.fromEntries(headers.filter(([, value]) => value !== undefined)),
      body: rest.sentBody ?? body,
    },
  };
};

/** `send` takes a target and the second argument of `fetch`. Returns the number of requests. */
export const exerciseService = async (send) => {
  const check = async (request, [status, expected]) => {
    const response = await send(request.target, request.init);
    const text = await response.text();
    const { message } = JSON.parse(text);
    const isExpected =
      typeof expected === 'object' ? text === JSON.stringify(expected) : message === expected;
    if (response.status === status && (expected === undefined || isExpected)) return;
    throw new Error(
      `${request.init.method} ${request.target}: expected ${status} ${expected}, got ${response.status} ${text.slice(0, 200)}`,
    );
  };
  for (const [parts, ...expected] of CASES) await check(createRequest(parts), expected);
  const once = createRequest(post('/own/echo', '[1]'));
  await check(once, [200, echo('[1]')]);
  await check(once, [401, 'Request signature has already been used']);
  return serial + 1;
};
