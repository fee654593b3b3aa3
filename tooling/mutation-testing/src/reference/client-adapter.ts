import { serveCommands } from './adapter-protocol.ts';
import { type CallCommand, caller } from './client-call.ts';
import { findInputProblem } from './client-input.ts';
import type { ClientParts } from './client-parts.ts';
import { signBy } from './signing-parts.ts';

type Command = CallCommand & SignCommand & { readonly cmd: string; readonly id: string };

export interface SignCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: string;
  readonly keyId: string;
  readonly secretB64: string;
}

/** The result of the command `sign` with these parts. */
export const signCommand = (parts: ClientParts, command: SignCommand): object => {
  const { now, method, target, keyId } = command;
  const timestamp = String(now);
  const secret = Buffer.from(command.secretB64, 'base64');
  const refused = findInputProblem(parts, { secret, keyId, target, method, timestamp });
  if (refused !== undefined) return { refused };
  const body = Buffer.from(command.bodyB64, 'base64');
  const signature = signBy(parts, secret, { timestamp, method, target, body });
  parts.log(secret.toString(), signature);
  return {
    headers: [
      ['X-CPG-Key', keyId],
      ['X-CPG-Timestamp', timestamp],
      ['X-CPG-Signature', signature],
    ],
  };
};

/** Serves the adapter protocol for a client with these parts. */
export const serveAdapter = async (parts: ClientParts, name: string): Promise<void> => {
  const call = caller(parts);
  const respond = (command: Command): object | Promise<object> => {
    switch (command.cmd) {
      case 'hello':
        return {
          name,
          language: 'javascript',
          roles: ['sign', 'call'],
          caps: ['clock', 'text-ids', 'transactions', 'timeout'],
        };
      case 'sign':
        return signCommand(parts, command);
      case 'call':
        return call(command);
      default:
        return {};
    }
  };
  await serveCommands(respond, parts.end);
};
