import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readLines } from '@cpg/test-support/processes';
import type { Response } from './connection.ts';
import type { Stream } from './hostile-requests.ts';
import { BODY_LIMIT, KEYS } from './keys.ts';
import type { Arrived } from './server-program.ts';

/** What the verifier decides about one request. */
export interface Decision {
  /** 200 for an accepted request; 0 for bytes that are no request. */
  readonly status: number;
  readonly message?: string;
  /** Requests of one group are admitted in the order of their arrival, which is unknown. */
  readonly group?: string;
  /** Of an accepted request: method, path, query and body hash. */
  readonly seen?: string;
}

/** The verifier in Python, as a process. */
export class Verifier {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncGenerator<string>;
  readonly ready: Promise<unknown>;

  constructor() {
    const program = fileURLToPath(new URL('./verifier.py', import.meta.url));
    this.#process = spawn('python3', [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = readLines(this.#process.stdout);
    this.ready = this.#ask({ keys: KEYS, bodyLimit: BODY_LIMIT, clientIp: '127.0.0.1' });
  }

  /** Returns the decisions about the requests of each stream. */
  async judge(now: number, streams: readonly Stream[]): Promise<readonly (readonly Decision[])[]> {
    const bytes = streams.map(({ pieces }) => Buffer.concat(pieces).toString('base64'));
    return (await this.#ask({ now, streams: bytes })) as Decision[][];
  }

  /** Returns whether each request, as the server has parsed it, may be accepted. */
  async judgeArrived(now: number, arrived: readonly Arrived[]): Promise<readonly boolean[]> {
    return (await this.#ask({ now, arrived })) as boolean[];
  }

  stop(): void {
    this.#process.stdin.end();
  }

  async #ask(order: object): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('The verifier in Python ended.');
    return JSON.parse(value);
  }
}

export type DisagreementKind = 'wrongly accepted' | 'wrongly rejected' | 'another rejection' | 'no response';

export interface Disagreement {
  readonly kind: DisagreementKind;
  readonly expected: string;
  readonly received: string;
  readonly stream: Stream;
}

/** An accepted request whose bytes the verifier cannot parse: it has to judge what the server parsed. */
export interface Unparsed {
  readonly arrived: Arrived;
  readonly stream: Stream;
}

interface Group {
  readonly expected: string[];
  readonly received: string[];
  /** Whether a response was lost with a connection whose later bytes are no request. */
  isIncomplete: boolean;
  readonly stream: Stream;
}

const GROUP_MESSAGES: Readonly<Record<number, string>> = {
  401: 'Request signature has already been used',
  429: 'Rate limit exceeded',
};

const format = ({ status, message }: Pick<Decision, 'status' | 'message'>): string =>
  status === 200 ? 'accepted' : `${status} ${message ?? ''}`.trim();

export const parseArrived = (header: string): Arrived =>
  JSON.parse(Buffer.from(header, 'base64').toString()) as Arrived;

/** Compares the responses of one round with the decisions of the verifier. */
export class Comparison {
  readonly disagreements: Disagreement[] = [];
  readonly unparsed: Unparsed[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #count: (kind: string) => void;
  readonly #describe: (arrived: Arrived) => string;

  /** Counts every decision by its kind. */
  constructor(count: (kind: string) => void, describe: (arrived: Arrived) => string) {
    this.#count = count;
    this.#describe = describe;
  }

  addStream(stream: Stream, decisions: readonly Decision[], responses: readonly Response[]): void {
    const isBroken = decisions.at(-1)?.status === 0;
    for (const [index, decision] of decisions.entries()) {
      const response = responses[index];
      if (decision.status === 0) {
        this.#count('not a request of HTTP/1.1');
        this.#addUnparsed(stream, responses.slice(index));
        return;
      }
      // Node.js destroys a connection with its first malformed bytes, before it has sent the responses that are due.
      const isLost = isBroken && (response === undefined || response.message === undefined);
      if (isLost) this.#loseResponses(stream, decisions.slice(index));
      if (isLost) return;
      this.#addResponse(stream, decision, response);
      if (response?.message === undefined || response.isLast === true) {
        this.#loseResponses(stream, decisions.slice(index + 1));
        this.#addUnparsed(stream, responses.slice(index + 1));
        return;
      }
    }
    if (responses.length > decisions.length) {
      this.#disagree({
        kind: 'another rejection',
        expected: 'no more responses',
        received: `${responses.length}`,
        stream,
      });
    }
  }

  /** Compares the groups, once all streams were added. */
  finish(): void {
    for (const [name, { expected, received, isIncomplete, stream }] of this.#groups) {
      if (isIncomplete) continue;
      const [wanted, got] = [expected.sort().join(', '), received.sort().join(', ')];
      if (wanted === got) continue;
      const [accepted, allowed] = [received, expected].map(
        (list) => list.filter((each) => each === 'accepted').length,
      ) as [number, number];
      const kind =
        accepted > allowed
          ? 'wrongly accepted'
          : accepted < allowed
            ? 'wrongly rejected'
            : 'another rejection';
      this.#disagree({ kind, expected: `${name}: ${wanted}`, received: got, stream });
    }
  }

  #addResponse(stream: Stream, decision: Decision, response: Response | undefined): void {
    const isAccepted = response?.status === 200;
    if (response === undefined) {
      this.#disagree({ kind: 'no response', expected: format(decision), received: 'nothing', stream });
      return;
    }
    if (response.message === undefined && decision.status !== 200) {
      this.#count(`rejected by Node.js: ${response.status}`);
      return;
    }
    // A response to HEAD has no body; within a group its status tells what it says.
    const known = decision.group === undefined ? decision.message : GROUP_MESSAGES[response.status];
    const message = response.message === '' && !isAccepted ? known : response.message;
    const received = format({ status: response.status, message: message ?? '' });
    this.#count(received);
    if (decision.group !== undefined) {
      const group = this.#getGroup(decision.group, stream);
      group.expected.push(format(decision));
      group.received.push(received);
    } else if (received !== format(decision)) {
      const kind = isAccepted
        ? 'wrongly accepted'
        : decision.status === 200
          ? 'wrongly rejected'
          : 'another rejection';
      this.#disagree({ kind, expected: format(decision), received, stream });
    }
    if (!isAccepted || decision.seen === undefined) return;
    const seen = this.#describe(parseArrived(response.arrived as string));
    if (seen !== decision.seen)
      this.#disagree({ kind: 'wrongly accepted', expected: decision.seen, received: seen, stream });
  }

  #addUnparsed(stream: Stream, responses: readonly Response[]): void {
    for (const { arrived } of responses) {
      if (arrived !== undefined) this.unparsed.push({ arrived: parseArrived(arrived), stream });
    }
  }

  #loseResponses(stream: Stream, decisions: readonly Decision[]): void {
    for (const { group } of decisions) {
      this.#count('lost, with malformed bytes behind it');
      if (group !== undefined) this.#getGroup(group, stream).isIncomplete = true;
    }
  }

  #getGroup(name: string, stream: Stream): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const created: Group = { expected: [], received: [], isIncomplete: false, stream };
    this.#groups.set(name, created);
    return created;
  }

  #disagree(disagreement: Disagreement): void {
    this.disagreements.push(disagreement);
  }
}
