import type { Endpoint, ResponseOf } from '@cpg/protocol';
import type { CpgCall } from './cpg-call.ts';
import type { CallToExecute } from './execute-call.ts';

/** How a resource makes its calls. */
export type Caller = <E extends Endpoint>(call: CallToExecute<E>) => CpgCall<ResponseOf<E>>;
