import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { LOOPBACK } from './ports.ts';

export interface DnsServer {
  /** `address:port`, as `dns.setServers` takes it. */
  readonly address: string;
  /** The names asked for, with the record type (`A` or `AAAA`), in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' };
const NOT_FOUND = 3;

/**
 * Starts a DNS server on a free UDP port. `answer` returns the IPv4 addresses of a name; an empty list when it does not exist;
 * `undefined` to stay silent.
 */
export const startDnsServer = async (
  answer: (name: string, type: string) => readonly string[] | undefined,
): Promise<DnsServer> => {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = [];
    let offset = HEADER_BYTES;
    for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
      labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
      offset += length + 1;
    }
    const question = query.subarray(HEADER_BYTES, offset + 5);
    const name = labels.join('.').toLowerCase();
    const type = TYPES[query.readUInt16BE(offset + 1)] ?? 'other';
    asked.push(`${type} ${name}`);
    const addresses = answer(name, type);
    if (addresses === undefined) return;
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(0x81_80 | (addresses.length === 0 ? NOT_FOUND : 0), 2);
    for (const [index, count] of [1, addresses.length, 0, 0].entries())
      header.writeUInt16BE(count, 4 + index * 2);
    // The name of the question, type A, class IN, 0 s to live, 4 bytes.
    const records = addresses.map((each) =>
      Buffer.from([0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...each.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([header, question, ...records]), port, address);
  });
  socket.bind(0, LOOPBACK);
  await once(socket, 'listening');
  return {
    address: `${LOOPBACK}:${socket.address().port}`,
    asked,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
};
