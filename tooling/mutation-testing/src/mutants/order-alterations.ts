import type { ServerParts, Step } from '../reference/server-parts.ts';

/** Two steps exchanged. */
export const swapped =
  (first: Step, second: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.map((step) => (step === first ? second : step === second ? first : step)),
  });

/** One step left out. */
export const without =
  (step: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: parts.order.filter((each) => each !== step),
  });

/** One step before all others. */
export const first =
  (step: Step) =>
  (parts: ServerParts): Partial<ServerParts> => ({
    order: [step, ...parts.order.filter((each) => each !== step)],
  });
