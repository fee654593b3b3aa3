import type { ResultRecord } from './record.ts';

/** The verdict of a strict run: a departure that the contract tolerates is a failure too. */
export const strictly = <Item extends ResultRecord>(record: Item): Item =>
  record.type === 'case' && record.verdict === 'warn' ? { ...record, verdict: 'fail' } : record;
