import type { ServerParts, Step } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

/** Swaps two steps. */
export const swapped =
  (first: Step, second: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.map((step) => (step === first ? second : step === second ? first : step)),
  });

/** Leaves a step out. */
export const without =
  (step: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.filter((each) => each !== step),
  });

/** Moves a step before all others. */
export const first =
  (step: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: [step, ...parts.order.filter((each) => each !== step)],
  });

export const ORDER_MUTANTS = mutants<ServerParts>('order', [
  ['order-malformed-first', first('malformed'), 'server-missing-key'],
  [
    'order-target-first',
    first('target'),
    'server-order-missing-then-target',
    'server-order-repeated-then-target',
  ],
  [
    'order-timestamp-first',
    first('timestamp'),
    'server-order-missing-then-timestamp',
    'server-order-key-id-then-timestamp',
    'server-order-target-then-timestamp',
  ],
  [
    'order-signature-first',
    first('signature'),
    'server-order-target-then-signature',
    'server-order-timestamp-then-signature',
    'server-order-timestamp-then-key',
    'server-order-encoding-then-signature',
  ],
  [
    'order-encoding-before-timestamp',
    swapped('encoding', 'timestamp'),
    'server-order-timestamp-then-encoding',
  ],
  ['order-size-before-timestamp', swapped('size', 'timestamp'), 'server-body-timestamp-before-too-large'],
  ['order-size-after-signature', swapped('size', 'signature'), 'server-body-too-large-before-signature'],
  ['order-address-before-signature', swapped('address', 'signature'), 'server-ip-after-signature'],
]);
