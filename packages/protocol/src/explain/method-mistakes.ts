import { defineMistakes } from './mistake.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'];

/** Mistakes with the second field. Contract §1.2. */
export const methodMistakes = defineMistakes([
  {
    code: 'method_not_upper_case',
    message: 'The method was signed in lower or mixed case: sign it in upper case.',
    variants: ({ method }) => [
      { method: method.toLowerCase() },
      { method: method.slice(0, 1) + method.slice(1).toLowerCase() },
    ],
  },
  {
    code: 'method_differs',
    message: 'Another method was signed than was sent: sign the method of the request line.',
    variants: () => METHODS.map((method) => ({ method })),
  },
]);
