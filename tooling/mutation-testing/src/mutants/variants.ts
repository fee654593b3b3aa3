import type { ClientParts } from '../reference/client-parts.ts';
import type { ServerParts } from '../reference/server-parts.ts';

/** A correct implementation that differs from the reference where the wire protocol leaves a choice. */
interface Variant<Parts> {
  /** Kebab-case; names the choice. */
  readonly id: string;
  readonly alter: (parts: Parts) => Partial<Parts>;
  /** The cases that must pass, as a glob: those that the choice concerns. */
  readonly cases: string;
}

const variants = <Parts>(
  rows: readonly (readonly [id: string, alter: Variant<Parts>['alter'], cases: string])[],
): readonly Variant<Parts>[] => rows.map(([id, alter, cases]) => ({ id, alter, cases }));

const contentType = (type: string) => (): Partial<ServerParts> => ({
  headers: () => ({ 'content-type': type }),
});

const REJECTED_AND_ACCEPTED = 'server-{missing,empty,accept-query,body-any,balances,route}-*';

/** Servers that must pass. */
export const SERVER_VARIANTS = variants<ServerParts>([
  ['type-without-charset', contentType('application/json'), REJECTED_AND_ACCEPTED],
  ['type-in-another-spelling', contentType('Application/JSON;Charset="UTF-8"'), REJECTED_AND_ACCEPTED],
  [
    'withdrawal-answered-as-pending',
    () => ({ created: (data) => ({ ...data, status: 'pending', tx_hash: '' }) }),
    'server-withdrawal-{answer,takes,reference}*',
  ],
]);

/** Clients that must pass. */
export const CLIENT_VARIANTS = variants<ClientParts>([
  ['pace-a-minute-from-now', () => ({ untilNextMinute: () => 60 }), 'client-clock-429-*'],
]);
