import { createRequire } from 'node:module';
import express5 from 'express';

const require = createRequire(import.meta.url);
// Typed as Express 5: the types of both are the same for everything that the tests call.
const express4 = require('express4') as typeof express5;

type Version = readonly [name: string, express: typeof express5];

/** Both supported major versions. */
export const EXPRESS_VERSIONS: readonly [Version, Version] = [
  ['Express 4', express4],
  ['Express 5', express5],
];
