import type { Endpoint, ResponseOf } from '@cpg/protocol';
import type { ClientContext } from './client-context.ts';
import { CpgCall } from './cpg-call.ts';
import { type CallToExecute, executeCall } from './execute-call.ts';
import { type PollToRun, poll } from './poll.ts';

/** How the resources of one client make their calls. */
export class Caller {
  readonly #context: ClientContext;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Starts a call at once. */
  readonly call = <E extends Endpoint>(call: CallToExecute<E>): CpgCall<ResponseOf<E>> =>
    new CpgCall(executeCall(this.#context, call));

  /** Reads again and again until what is read is final. */
  readonly poll = <Result>(toRun: PollToRun<Result>): Promise<Result> => poll(this.#context, toRun);
}
