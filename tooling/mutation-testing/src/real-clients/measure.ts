import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { computeSignature, createCanonicalString } from '@cpg/conformance/src/core/expected-signature.ts';
import { visibleBytes } from '@cpg/conformance/src/report/visible.ts';
import type { Address } from '@cpg/conformance/src/wire/connection.ts';
import type { RealClient } from './clients.ts';
import { startRelay } from './relay.ts';

interface Credentials {
  readonly keyId: string;
  readonly secret: string;
}

/** Formats a text as a cell of a Markdown table. */
export const code = (text: string): string => `\`${visibleBytes(text).replaceAll('|', '\\|')}\``;

/** The bytes of a target, one character a byte. */
export const asBytes = (given: string): string => Buffer.from(given, 'utf8').toString('latin1');

/** Measures what clients send to a server that knows these credentials. */
export const startMeasuring = async (server: Address, { keyId, secret }: Credentials) => {
  const relay = await startRelay(server);
  let lastTimestamp = 0;

  const request = async ({ program, argv }: RealClient, target: string, headers: readonly string[]) => {
    const url = `http://127.0.0.1:${relay.port}${target}`;
    const env = { ...process.env, URL: url, HEADERS: headers.join('\n') };
    await once(spawn(program, argv, { env, stdio: 'ignore' }), 'exit');
    return relay.take();
  };

  /**
   * Signs the target that was sent. Each signature has its own timestamp, because the target has no nonce. They
   * start early in the window, which has room for many, and stay in it however long the measurement takes.
   */
  const sign = (target: string): readonly string[] => {
    lastTimestamp = Math.max(lastTimestamp + 1, Math.floor(Date.now() / 1000) - 250);
    const timestamp = String(lastTimestamp);
    const canonical = createCanonicalString({ timestamp, method: 'GET', target, body: Buffer.alloc(0) });
    return [
      `X-CPG-Key: ${keyId}`,
      `X-CPG-Timestamp: ${timestamp}`,
      `X-CPG-Signature: ${computeSignature(secret, canonical)}`,
    ];
  };

  return {
    /** Finds out what the client sends, then sends it again with a signature over that. */
    cell: async (client: RealClient, given: string): Promise<string> => {
      const { requestLine } = await request(client, given, ['X-Nothing: 1']);
      const [, sent] = /^GET (.*) HTTP\/1\.[01]$/s.exec(requestLine) ?? [];
      if (sent === undefined) return 'not sent';
      const { statusLine } = await request(client, given, sign(sent));
      const status = statusLine.split(' ')[1] ?? 'no response';
      return `${sent === asBytes(given) ? 'as given' : code(sent)} → ${status}`;
    },
    stop: relay.close,
  };
};
