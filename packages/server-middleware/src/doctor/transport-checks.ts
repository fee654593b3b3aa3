import { Connection, isResponse, type Origin } from './connection.ts';
import { failure, ok, warning } from './finding.ts';
import { makeUnique, type UrlCheck } from './prober.ts';

export const checkRepeatedHeaders: UrlCheck = async ({ prober, target }) => {
  const check = 'repeated headers';
  const request = { target: makeUnique(target), addedHeaders: [['X-CPG-Key', '-']] } as const;
  const { verdict, detail } = await prober.send(request);
  return [
    verdict === 'malformed_authentication_headers'
      ? ok(check, 'are rejected')
      : warning(check, `a proxy does not pass repeated headers on as they came: ${detail}`),
  ];
};

export const checkUnderscores: UrlCheck = async ({ prober, target }) => {
  const check = 'X_CPG headers';
  const addedHeaders = ['X_CPG_Key', 'X_CPG_Timestamp', 'X_CPG_Signature'].map(
    (name) => [name, '1'] as const,
  );
  const { verdict, detail } = await prober.send({ target: makeUnique(target), addedHeaders });
  return [
    verdict === 'authenticated'
      ? ok(check, 'are not taken for X-CPG headers')
      : failure(
          check,
          `with underscores in place of hyphens they must be ignored: ${detail}. Fix: do not map _ to -. nginx: underscores_in_headers off.`,
        ),
  ];
};

export const checkHttp10: UrlCheck = async ({ prober, target }) => {
  const check = 'HTTP/1.0';
  const { verdict, detail } = await prober.send({ target: makeUnique(target), httpVersion: '1.0' });
  if (verdict === 'authenticated') return [ok(check, 'requests are accepted')];
  return verdict === 'foreign'
    ? [ok(check, `requests are rejected by a proxy: ${detail}`)]
    : [warning(check, `requests are not accepted: ${detail}`)];
};

const REQUESTS = 3;

export const checkKeepAlive: UrlCheck = async ({ prober, target }) => {
  const check = 'keep-alive';
  const connection = prober.connect();
  try {
    for (let count = 0; count < REQUESTS; count += 1) {
      const { verdict, detail } = await prober.exchange(connection, { target: makeUnique(target) });
      if (verdict === 'authenticated') continue;
      const found = `request ${count + 1} on one connection: ${detail}`;
      return [
        warning(
          check,
          `${found}. Every request costs a handshake. Fix: nginx: keepalive_timeout 65. Node: server.keepAliveTimeout`,
        ),
      ];
    }
    return [ok(check, `${REQUESTS} requests on one connection are accepted`)];
  } finally {
    connection.close();
  }
};

const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\])$/;
const DEFAULT_HTTP_PORT = 80;

/** Whether requests can be read on their way. */
export const checkEncryption: UrlCheck = async ({ url }) => {
  const check = 'encryption';
  if (url.protocol === 'http:') {
    return LOOPBACK.test(url.hostname)
      ? [ok(check, 'is not needed on loopback')]
      : [warning(check, 'requests and balances can be read on their way. Fix: https')];
  }
  if (url.port !== '') return [ok(check, 'TLS')];
  return [await checkPlainHttp({ hostname: url.hostname, port: DEFAULT_HTTP_PORT, isTls: false }, url)];
};

const PLAIN_TIMEOUT_MS = 3_000;

/** Sends an unsigned request without TLS: nothing that is worth reading must be sent in the clear. */
export const checkPlainHttp = async (origin: Origin, url: URL) => {
  const check = 'encryption';
  const connection = new Connection(origin);
  connection.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.hostname}\r\nConnection: close\r\n\r\n`);
  const result = await connection.read(PLAIN_TIMEOUT_MS);
  connection.close();
  if (!isResponse(result)) return ok(check, 'plain HTTP is not served');
  return result.status >= 300 && result.status < 400
    ? ok(check, 'plain HTTP redirects to https, which clients do not follow')
    : failure(
        check,
        `plain HTTP is served on port ${origin.port}: got ${result.status}. Fix: close the port, or redirect every request.`,
      );
};
