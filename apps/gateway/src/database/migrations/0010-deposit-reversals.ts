/**
 * What reorganizations of a chain have taken back from a balance. By that much, and no more, a balance may be below
 * what is held, or below zero: the money may have been spent.
 */
export const depositReversals = [
  `ALTER TABLE balance
     ADD COLUMN reversed NUMERIC(56, 18) NOT NULL DEFAULT 0 CHECK (reversed >= 0),
     DROP CONSTRAINT never_overspent,
     ADD CONSTRAINT never_overspent CHECK (balance + reversed >= held)`,
];
