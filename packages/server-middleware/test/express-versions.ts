import express5 from 'express';
import express4 from 'express4';

/** Both supported majors. Express 4 borrows the types of 5; they differ in nothing that the tests call. */
export const EXPRESS_VERSIONS: readonly (readonly [name: string, express: typeof express5])[] = [
  ['Express 4', express4],
  ['Express 5', express5],
];
