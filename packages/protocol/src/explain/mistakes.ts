import { algorithmMistakes } from './algorithm-mistakes.ts';
import { bodyHashMistakes } from './body-hash-mistakes.ts';
import { bodyMistakes } from './body-mistakes.ts';
import type { ClockCode } from './clock-finding.ts';
import type { MistakeLists } from './find-mistakes.ts';
import { foreignRecipeMistakes } from './foreign-recipe-mistakes.ts';
import { keyMistakes } from './key-mistakes.ts';
import { methodMistakes } from './method-mistakes.ts';
import { pathMistakes } from './path-mistakes.ts';
import { queryMistakes } from './query-mistakes.ts';
import type { OutputCode } from './received-signature.ts';
import { requestFramingMistakes } from './request-framing-mistakes.ts';
import { timestampMistakes } from './timestamp-mistakes.ts';
import { webhookFramingMistakes } from './webhook-framing-mistakes.ts';

/** Everything tried for a request, one list for each step of signing. */
export const REQUEST_MISTAKES = [
  timestampMistakes,
  methodMistakes,
  pathMistakes,
  queryMistakes,
  bodyMistakes,
  bodyHashMistakes,
  [...requestFramingMistakes, ...foreignRecipeMistakes],
  keyMistakes,
  algorithmMistakes,
];

/** Everything tried for a webhook. */
export const WEBHOOK_MISTAKES = [
  timestampMistakes,
  bodyMistakes,
  [...webhookFramingMistakes, ...foreignRecipeMistakes],
  keyMistakes,
  algorithmMistakes,
];

type CodesOf<Lists> = Lists extends MistakeLists<infer Code> ? Code : never;

/** Every code that a finding can carry. */
export type FindingCode =
  | CodesOf<typeof REQUEST_MISTAKES>
  | CodesOf<typeof WEBHOOK_MISTAKES>
  | OutputCode
  | ClockCode;
