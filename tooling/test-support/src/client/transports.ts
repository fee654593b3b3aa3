import { Agent as HttpsAgent } from 'node:https';
import { axiosTransport, fetchTransport, type Transport } from '@cpg/client';
import { Agent, ProxyAgent } from 'undici';

/** How a transport is to connect. */
interface Connection {
  /** A certificate authority to trust. */
  readonly ca?: Buffer | undefined;
  /** The name that the certificate must have. */
  readonly servername?: string | undefined;
  /** The port of a proxy on this machine. */
  readonly proxyPort?: number | undefined;
}

/** A way to send that the same tests cover. */
export interface TransportUnderTest {
  readonly name: string;
  /** `undefined` if the transport has no such option. */
  create(connection?: Connection): Transport | undefined;
}

const createAxios = ({ ca, servername, proxyPort }: Connection): Transport => {
  const tls = { ...(ca && { ca }), ...(servername && { servername }) };
  return axiosTransport({
    httpsAgent: new HttpsAgent({ keepAlive: true, ...tls }),
    proxy: proxyPort === undefined ? false : { host: '127.0.0.1', port: proxyPort, protocol: 'http' },
  });
};

const createUndici = ({ ca, servername, proxyPort }: Connection): Transport => {
  const tls = { ...(ca && { ca }), ...(servername && { servername }) };
  const dispatcher =
    proxyPort === undefined
      ? new Agent({ connect: tls })
      : new ProxyAgent({ uri: `http://127.0.0.1:${proxyPort}`, requestTls: tls });
  return fetchTransport({ dispatcher });
};

/** Every transport of the client. */
export const TRANSPORTS: readonly TransportUnderTest[] = [
  { name: 'axiosTransport()', create: (connection = {}) => createAxios(connection) },
  {
    name: 'fetchTransport()',
    create: (connection = {}) => (Object.keys(connection).length === 0 ? fetchTransport() : undefined),
  },
  { name: 'fetchTransport({ dispatcher })', create: (connection = {}) => createUndici(connection) },
];
