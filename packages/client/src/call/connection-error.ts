import { type CpgError, ResponseValidationError } from '../errors.ts';
import { RESPONSE_TOO_LARGE, type TransportError } from '../transport/transport.ts';
import type { CallScope } from './call-scope.ts';

/** The error of an attempt without a complete response: its cause in plain words, its code and how to fix it. */
export const createConnectionError = (scope: CallScope, error: TransportError, origin: string): CpgError => {
  if (error.code === RESPONSE_TOO_LARGE) {
    return new ResponseValidationError(`${scope.operation}: ${error.message}`, {
      ...scope.details,
      path: '',
    });
  }
  const { message, fix } = explain(error, origin);
  const problem = `no complete response: ${message} (${error.code}).`;
  return scope.error('connection_failed', fix === undefined ? problem : `${problem} Fix: ${fix}.`, {
    retryable: true,
    cause: error,
  });
};

interface Explanation {
  readonly message: string;
  readonly fix?: string | undefined;
}

const explain = ({ code, message }: TransportError, origin: string): Explanation => {
  const reason = readOpenSslReason(message);
  if (
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    /wrong version number|packet length too long/.test(message)
  ) {
    return {
      message: `${origin} does not speak TLS`,
      fix: 'check the port of baseUrl; a server on this machine may need http://',
    };
  }
  const known = FIXES.find(([codes]) => codes.test(code));
  return {
    message: reason === undefined ? message : `the TLS handshake with ${origin} failed: ${reason}`,
    fix: known?.[1],
  };
};

/** The reason in an error of OpenSSL: `….:error:0A000410:SSL routines:function:reason:file:line:…`. */
const readOpenSslReason = (message: string): string | undefined =>
  /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];

const FIXES: readonly (readonly [codes: RegExp, fix: string])[] = [
  [/^(?:ENOTFOUND|EAI_\w+)$/, 'check the host name in baseUrl, and the name server of this machine'],
  [/^ECONNREFUSED$/, 'check host and port of baseUrl, and that the server is running'],
  [
    /^BAD_PORT$/,
    'let the gateway listen on another port, or use axiosTransport(): fetch never connects to this one',
  ],
  [
    /^(?:EHOSTUNREACH|ENETUNREACH)$/,
    'check the network of this machine, its firewall and its proxy settings',
  ],
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/,
    'trust the certificate authority of the server, e.g. with the environment variable NODE_EXTRA_CA_CERTS',
  ],
  [
    /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    'check the clock of this machine and the certificate of the server',
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'check the host name in baseUrl: the certificate is for another one'],
  [/^HPE_/, 'check the port of baseUrl, and whether the server expects https://'],
];
