import type { Message } from './message.ts';

/** One signature, or one verification of the message it was made for, which must answer `true`. */
export type Operation = () => unknown;

export interface Contender {
  readonly name: string;
  /** Everything that a program does once is done here; an operation does what every request needs. */
  prepare(message: Message): Promise<{ readonly sign?: Operation; readonly verify?: Operation }>;
}
