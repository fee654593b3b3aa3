/**
 * Programs that the suite must never take for an implementation: `node src/controls/run-control.ts <layer>
 * <id>`. For the layer `server` it listens and prints its address; for the others it speaks the adapter
 * protocol.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { receiveCommands } from '../reference/adapter-protocol.ts';
import { type SignCommand, signCommand } from '../reference/client-adapter.ts';
import { CLIENT } from '../reference/client-parts.ts';

type Command = Readonly<Record<string, string>> & { readonly id: string; readonly cmd: string };
type Behaviour = (command: Command, count: number) => unknown;

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const headers = (signature: string, { keyId = '', now }: Command) => [
  ['X-CPG-Key', keyId],
  ['X-CPG-Timestamp', String(now)],
  ['X-CPG-Signature', signature],
];
const createResponse = (command: Command): object => {
  const { id, cmd } = command;
  return { id, ...(cmd === 'sign' ? signCommand(CLIENT, command as unknown as SignCommand) : { ok: true }) };
};

const respondCorrectly = (command: Command): void => say(createResponse(command));

type Body = string | { readonly repeat: { readonly byteHex: string; readonly count: number } };

interface Known {
  readonly vectors: readonly {
    readonly target: string;
    readonly secretB64: string;
    readonly method: string;
    readonly timestamp: string;
    readonly bodyB64: Body;
    readonly signature: string;
  }[];
}

const getBytes = (body: Body): Buffer =>
  typeof body === 'string'
    ? Buffer.from(body, 'base64')
    : Buffer.alloc(body.repeat.count, Buffer.from(body.repeat.byteHex, 'hex'));

const published = (): Known['vectors'] => {
  const path = createRequire(import.meta.url).resolve('@cpg/protocol/vectors/request-signing.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as Known).vectors;
};

const ADAPTERS: Readonly<Record<string, Behaviour>> = {
  inert: (command) => say({ id: command.id, ok: true, data: [], headers: [] }),
  'inert-with-errors': ({ id }) =>
    say({ id, ok: false, error: { kind: 'failed', status: 403, message: 'It failed.' }, elapsed: 1 }),
  'constant-signature': (command) =>
    say({ id: command.id, ok: true, headers: headers('a'.repeat(64), command) }),
  'known-signatures': (command) => {
    const known = published().find(
      ({ target, secretB64, method, timestamp, bodyB64 }) =>
        target === command.target &&
        secretB64 === command.secretB64 &&
        method === command.method &&
        timestamp === String(command.now) &&
        getBytes(bodyB64).equals(Buffer.from(command.bodyB64 ?? '', 'base64')),
    );
    say({ id: command.id, ok: true, headers: headers(known?.signature ?? '0'.repeat(64), command) });
  },
  'crash-in-the-middle': (command, count) => (count === 20 ? process.exit(9) : respondCorrectly(command)),
  'stop-early-with-0': (command, count) => (count === 20 ? process.exit(0) : respondCorrectly(command)),
  hang: (command, count) => (count >= 20 ? undefined : respondCorrectly(command)),
  garbage: (command, count) => (count === 20 ? process.stdout.write('{"id":\n') : respondCorrectly(command)),
  'respond-twice': (command, count) => {
    respondCorrectly(command);
    if (count === 20) respondCorrectly(command);
  },
  'unknown-id': (command, count) => respondCorrectly(count === 20 ? { ...command, id: 'made-up' } : command),
  'slow-but-correct': async (command) => {
    await sleep(5);
    respondCorrectly(command);
  },
  'prints-secrets': (command) => {
    if (command.secretB64 !== undefined)
      process.stderr.write(`signing with ${Buffer.from(command.secretB64, 'base64')}\n`);
    respondCorrectly(command);
  },
  'accept-all': ({ id }) => say({ id, accepted: true }),
  'reject-all': ({ id }) => say({ id, accepted: false }),
  'reject-all-as-invalid': ({ id }) =>
    say({ id, accepted: false, status: 401, message: 'Invalid signature' }),
  'by-coin': ({ id }) => say({ id, accepted: Math.random() < 0.5 }),
};

const CAPABILITIES = ['clock', 'text-ids', 'transactions'];
const VERIFIERS = ['accept-all', 'reject-all', 'reject-all-as-invalid', 'by-coin'];

const serveAdapter = async (name: string, behave: Behaviour): Promise<void> => {
  let count = 0;
  await receiveCommands<Command>(async (command) => {
    const { id, cmd } = command;
    const roles = VERIFIERS.includes(name) ? ['verify'] : ['sign', 'call'];
    if (cmd === 'hello') return say({ id, name, roles, caps: CAPABILITIES });
    if (cmd === 'stop') return process.stdout.write(`${JSON.stringify({ id })}\n`, () => process.exit(0));
    await behave(command, ++count);
  });
};

const respond = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
};

const SERVERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'accept-all': (response) => respond(response, 200, { success: true, message: 'OK', data: { pong: true } }),
  'reject-all': (response) => respond(response, 401, { success: false, message: 'Invalid signature' }),
  'hang-up': (response) => void response.destroy(),
};

const serveHttp = (behave: (response: ServerResponse) => void): void => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/_sandbox/clock') respond(response, 200, { now: 0, frozen: false });
      else behave(response);
    });
  });
  server.listen(0, '127.0.0.1', () =>
    process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
  );
};

const find = <Behave>(table: Readonly<Record<string, Behave>>, id: string): Behave => {
  const behave = table[id];
  if (behave === undefined) throw new Error(`There is no control ${id}.`);
  return behave;
};

const [layer, id = ''] = process.argv.slice(2);
if (layer === 'server') serveHttp(find(SERVERS, id));
else await serveAdapter(id, find(ADAPTERS, id));
